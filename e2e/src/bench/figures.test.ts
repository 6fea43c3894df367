import type { Box } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { boxFigures, clipFigures, track } from './accuracy/figures.js';
import { boxInWindow } from './accuracy/pictures.js';
import { type ClipTruth, judge } from './accuracy/truth.js';

const MODEL = { highScore: 0.3, levels: { sure: { score: 0.5, ageMs: 300 }, verySure: { score: 0.8, ageMs: 1000 } } };
const truth: ClipTruth = {
  ...{ file: 'clip.mp4', half: 'report', unclear: ['bench'] },
  seen: { person: [], dog: [[1000, 2000]] },
  expected: [{ label: 'person', fromMs: 0, toMs: 1900 }],
};
const BOX: Box = [0.2, 0.2, 0.3, 0.3];
const frames = (label: string, box: Box = BOX) =>
  Array.from({ length: 20 }, (_, i) => ({ ptsMs: i * 100, detections: [{ label, score: 0.6, box }] }));

describe('the judgement of a label', () => {
  it('knows classes, their times, and what a person could argue about', () => {
    expect(judge(truth, 'person', 5)).toBe('right');
    expect([judge(truth, 'dog', 999), judge(truth, 'dog', 1500)]).toEqual(['wrong', 'right']);
    expect([judge(truth, 'cat', 5), judge(truth, 'bench', 5)]).toEqual(['wrong', 'unclear']);
  });
});

describe('the figures of a clip', () => {
  it('count right ones, and recall from the start: what the filter takes is missing', () => {
    const analyses = track(frames('person'), MODEL);
    expect(clipFigures(truth, analyses, 'raw')).toMatchObject({
      boxes: 20,
      wrongBoxes: 0,
      appearances: 1,
      shown: 20,
      due: 20,
    });
    expect(clipFigures(truth, analyses, 'sure')).toMatchObject({
      boxes: 16,
      wrongBoxes: 0,
      wrongAppearances: 0,
      shown: 16,
    });
    expect(clipFigures(truth, analyses, 'very_sure')).toMatchObject({ boxes: 0, appearances: 0, shown: 0, due: 20 });
  });

  it('count wrong ones, and leave out what is unclear', () => {
    expect(clipFigures(truth, track(frames('cat'), MODEL), 'sure')).toMatchObject({
      wrongBoxes: 16,
      wrongAppearances: 1,
    });
    expect(clipFigures(truth, track(frames('bench'), MODEL), 'sure')).toMatchObject({ boxes: 0, appearances: 0 });
  });
});

describe('the figures of a moving picture', () => {
  const object = { label: 'person', box: BOX, area: 500, crowd: false };
  const seen = (shift: number) =>
    Array.from({ length: 15 }, (_, i) => {
      const [x, y, width, height] = boxInWindow(BOX, i * 100);
      const box: Box = [x + shift, y, width, height];
      return { ptsMs: 200 + i * 100, detections: [{ label: 'person', score: 0.6, box }] };
    });

  it('find what is where it is, wherever the file begins', () => {
    expect(boxFigures([object], track(seen(0), MODEL), 'sure')).toEqual({
      ...{ boxes: 4, wrong: 0, objects: 4, found: 4, smallObjects: 4, smallFound: 4 },
    });
  });

  it('count what is elsewhere or of another class as wrong, and what lies in a crowd not at all', () => {
    expect(boxFigures([object], track(seen(0.25), MODEL), 'sure')).toMatchObject({ boxes: 4, wrong: 4, found: 0 });
    expect(boxFigures([{ ...object, label: 'dog' }], track(seen(0), MODEL), 'sure')).toMatchObject({
      wrong: 4,
      found: 0,
    });
    expect(boxFigures([{ ...object, crowd: true }], track(seen(0), MODEL), 'sure')).toMatchObject({
      boxes: 0,
      objects: 0,
    });
  });
});
