"""Makes the reference detections that the tests of packages/vision compare with.

An implementation of its own: OpenCV decodes and resizes, Python's onnxruntime runs the model, numpy decodes the output.
The numbers of each model are those of its authors and are written down here a second time on purpose: a wrong value in
models/manifest.json must not hide in both.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install onnxruntime opencv-python-headless numpy
    /tmp/reference/bin/python packages/vision/reference/make_reference.py MODELS_FOLDER

MODELS_FOLDER holds <model>/<file> for every model below. Writes reference/detections/<model>.json.
With --coco FOLDER OUT it writes COCO results of all pictures instead, for evaluate.py.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

HERE = Path(__file__).parent
IMAGENET_BGR = ((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))


def letterbox(picture, side):
    """YOLOX: aspect kept, top left, grey 114, BGR 0..255."""
    ratio = min(side / picture.shape[0], side / picture.shape[1])
    size = (round(picture.shape[1] * ratio), round(picture.shape[0] * ratio))
    canvas = np.full((side, side, 3), 114, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return canvas, size


def stretch(picture, side):
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR), (side, side)


def nchw(picture):
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def yolox(session, picture, side):
    canvas, size = letterbox(picture, side)
    out = session.run(None, {session.get_inputs()[0].name: nchw(canvas)})[0][0]
    cells = []
    for stride in (8, 16, 32):
        n = side // stride
        ys, xs = np.mgrid[:n, :n]
        cells.append(np.stack([xs.ravel(), ys.ravel(), np.full(n * n, stride)], 1))
    cells = np.concatenate(cells)
    centre = (out[:, :2] + cells[:, :2]) * cells[:, 2:]
    extent = np.exp(out[:, 2:4]) * cells[:, 2:]
    boxes = np.concatenate([centre - extent / 2, centre + extent / 2], 1)
    return boxes, out[:, 5:] * out[:, 4:5], size


def nanodet(session, picture, side):
    small, size = stretch(picture, side)
    mean, std = (np.array(v, np.float32) for v in IMAGENET_BGR)
    boxes, scores = session.run(["boxes", "scores"], {session.get_inputs()[0].name: nchw((small - mean) / std)})
    return boxes[0], scores[0], size


def deimv2(session, picture, side):
    small, size = stretch(picture, side)
    rgb = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
    feeds = {"images": nchw(rgb), "orig_target_sizes": np.array([[side, side]], np.int64)}
    labels, boxes, values = session.run(["labels", "boxes", "scores"], feeds)
    scores = np.zeros((boxes.shape[1], 80), np.float32)
    scores[np.arange(boxes.shape[1]), labels[0]] = values[0]
    return boxes[0], scores, size


MODELS = {
    "yolox-nano": ("yolox_nano.onnx", yolox, 416, 0.5),
    "nanodet-plus-m-1.5x-416": ("nanodet-plus-m-1.5x_416.onnx", nanodet, 416, 0.5),
    "deimv2-atto": ("deimv2_hgnetv2_atto_coco.onnx", deimv2, 320, 0.7),
    "deimv2-femto": ("deimv2_hgnetv2_femto_coco.onnx", deimv2, 416, 0.7),
}


def iou(box, others):
    left_top = np.maximum(box[:2], others[:, :2])
    right_bottom = np.minimum(box[2:], others[:, 2:])
    shared = np.clip(right_bottom - left_top, 0, None).prod(1)
    return shared / ((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1) - shared)


def detect(run, session, picture, side, score_threshold, iou_threshold):
    """Best class of each row, then greedy suppression class by class. Boxes x, y, w, h of the picture, 0..1."""
    boxes, scores, size = run(session, picture, side)
    labels = scores.argmax(1)
    best = scores.max(1)
    found = []
    for label in np.unique(labels[best >= score_threshold]):
        rows = np.flatnonzero((labels == label) & (best >= score_threshold))
        rows = rows[np.argsort(-best[rows], kind="stable")]
        while len(rows):
            x1, y1, x2, y2 = np.clip(boxes[rows[0]] / np.array([*size, *size]), 0, 1)
            if x2 > x1 and y2 > y1:
                found.append((int(label), float(best[rows[0]]), [float(v) for v in (x1, y1, x2 - x1, y2 - y1)]))
            rows = rows[1:][iou(boxes[rows[0]], boxes[rows[1:]]) <= iou_threshold]
    return sorted(found, key=lambda item: -item[1])[:100]


def open_session(folder, name, file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(Path(folder) / name / file), options, providers=["CPUExecutionProvider"])


def main(models, coco=None, out=None):
    labels = json.loads((HERE / "../../../models/manifest.json").read_text())["labelSets"]["coco-80"]
    (HERE / "detections").mkdir(exist_ok=True)
    for name, (file, run, side, iou_threshold) in MODELS.items():
        session = open_session(models, name, file)
        if coco:
            annotations = json.loads(next(Path(coco, "annotations").glob("*.json")).read_text())
            category = {c["name"]: c["id"] for c in annotations["categories"]}
            results = []
            for image in annotations["images"]:
                picture = cv2.imread(str(next(Path(coco).rglob(image["file_name"]))))
                high, wide = picture.shape[:2]
                for label, score, (x, y, w, h) in detect(run, session, picture, side, 0.01, iou_threshold):
                    box = [x * wide, y * high, w * wide, h * high]
                    if labels[label] in category:
                        results.append({"image_id": image["id"], "category_id": category[labels[label]], "score": score, "bbox": box})
            Path(out).mkdir(parents=True, exist_ok=True)
            Path(out, f"{name}.json").write_text(json.dumps(results))
            continue
        pictures = {}
        for path in sorted((HERE / "pictures").glob("*.jpg")):
            found = detect(run, session, cv2.imread(str(path)), side, 0.25, iou_threshold)
            pictures[path.name] = [{"label": labels[l], "score": round(s, 5), "box": [round(v, 5) for v in b]} for l, s, b in found]
        target = HERE / "detections" / f"{name}.json"
        target.write_text(json.dumps({"scoreThreshold": 0.25, "iouThreshold": iou_threshold, "pictures": pictures}, indent=1) + "\n")
        print(target.name, {k: len(v) for k, v in pictures.items()})


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--coco"]
    main(*arguments)
