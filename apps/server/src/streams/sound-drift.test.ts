import { describe, expect, it } from 'vitest';
import { SoundDrift } from './sound-drift.js';

const START = 1_700_000_000_000;

interface Feed {
  readonly forMs: number;
  /** Media per time. */
  readonly sound: number;
  /** Sound is sent in pieces of this length, ms. */
  readonly pieceMs?: number;
  /** How much later than its time it comes, ms. */
  readonly heldUp?: (ms: number) => number;
}

/** Thirty pictures and 47 frames of sound a second. */
function feed({ forMs, sound, pieceMs = 1, heldUp = () => 0 }: Feed): SoundDrift {
  const drift = new SoundDrift();
  const samples = [];
  for (let ms = 0; ms < forMs; ms += 1000 / 30) samples.push({ kind: 'video' as const, dtsMs: ms, comes: ms });
  for (let ms = 0; ms < forMs; ms += 21.33)
    samples.push({ kind: 'audio' as const, dtsMs: ms * sound, comes: Math.ceil(ms / pieceMs) * pieceMs });
  for (const { kind, dtsMs, comes } of samples.sort((a, b) => a.comes - b.comes))
    drift.sample({ kind, dtsMs, capturedAt: START + comes + heldUp(comes) });
  return drift;
}

describe('sound', () => {
  it('that moves against its picture is said with how far and how fast', () => {
    expect(feed({ forMs: 120_000, sound: 0.99 }).warning()).toEqual({
      code: 'audio_not_real_time',
      message: expect.stringMatching(/moved 1\.\d s behind the picture .* about 1\.0 % too slow\./),
    });
    // 44.1 kHz taken for 48.
    expect(feed({ forMs: 60_000, sound: 48 / 44.1 }).warning()?.message).toMatch(
      /4\.\d s ahead of .* about 8\.[5-9] % too fast/,
    );
  });

  it('that keeps with it is right, in pieces and over a network that halts', () => {
    expect(feed({ forMs: 600_000, sound: 1 }).warning()).toBeNull();
    expect(feed({ forMs: 600_000, sound: 1.0005 }).warning(), 'a sound card’s own clock').toBeNull();
    expect(feed({ forMs: 60_000, sound: 1, pieceMs: 1000 }).warning()).toBeNull();
    const halts = (ms: number) => (ms % 10_000 < 3000 ? 3000 - (ms % 10_000) : 0);
    expect(feed({ forMs: 60_000, sound: 1, heldUp: halts }).warning()).toBeNull();
  });

  it('of a timeline that broke is learnt anew', () => {
    const drift = feed({ forMs: 60_000, sound: 0.95 });
    expect(drift.warning()).not.toBeNull();
    drift.reset();
    expect(drift.warning()).toBeNull();
  });
});
