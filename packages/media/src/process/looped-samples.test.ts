import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { isTracks, loopSamples, type SourceItem } from './looped-samples.js';

const sample = (kind: 'video' | 'audio', dtsMs: number, ptsMs = dtsMs): CodedSample => ({
  kind,
  ptsMs,
  dtsMs,
  keyframe: kind === 'audio' || dtsMs === 0,
  data: new Uint8Array(1),
  capturedAt: 0,
});

async function* source(items: readonly SourceItem[]): AsyncGenerator<SourceItem> {
  yield* items;
}

async function take(count: number, items: readonly SourceItem[]): Promise<SourceItem[]> {
  const taken: SourceItem[] = [];
  for await (const item of loopSamples(() => source(items))) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

const times = (items: readonly SourceItem[], kind: string) =>
  items.flatMap((item) => (!isTracks(item) && item.kind === kind ? [item.dtsMs] : []));

describe('looped samples', () => {
  it('continue at the frame rate of the source where the file begins again', async () => {
    const items = await take(9, [sample('video', 0, 80), sample('video', 40, 40), sample('video', 80, 120)]);
    expect(times(items, 'video')).toEqual([0, 40, 80, 120, 160, 200, 240, 280, 320]);
  });

  it('keep the distance of presentation and decode time', async () => {
    const items = await take(4, [sample('video', 0, 80), sample('video', 40, 40)]);
    expect(items).toMatchObject([{ ptsMs: 80 }, { ptsMs: 40 }, { ptsMs: 160 }, { ptsMs: 120 }]);
  });

  it('never let a track run backwards when sound is longer than picture', async () => {
    const items = await take(10, [
      sample('video', 0),
      sample('audio', 7),
      sample('video', 40),
      sample('audio', 30),
      sample('audio', 150),
    ]);
    expect(times(items, 'video')).toEqual([0, 40, 263, 303]);
    expect(times(items, 'audio')).toEqual([7, 30, 150, 270, 293, 413]);
  });

  it('announce the tracks only once', async () => {
    const items = await take(5, [[], sample('video', 0), sample('video', 40)]);
    expect(items.filter(isTracks)).toHaveLength(1);
  });

  it('count the passes', async () => {
    const passes: number[] = [];
    for await (const item of loopSamples(
      () => source([sample('video', 0)]),
      (count) => passes.push(count),
    )) {
      if (!isTracks(item) && item.dtsMs >= 120) break;
    }
    expect(passes).toEqual([1, 2, 3]);
  });

  it('end with an error when a pass is empty, instead of repeating nothing for ever', async () => {
    await expect(take(1, [])).rejects.toThrow('no samples');
  });
});
