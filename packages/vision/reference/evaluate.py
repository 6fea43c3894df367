"""Average precision of COCO results: evaluate.py ANNOTATIONS RESULTS.json... (needs pycocotools)."""

import contextlib
import io
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
for path in sys.argv[2:]:
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(path), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    print(f"{path}: AP {evaluation.stats[0] * 100:.1f}, AP50 {evaluation.stats[1] * 100:.1f}")
