import { expect } from 'vitest';
import type { Shown, Viewer } from './viewer.js';

/** So much more than before a live viewer may be behind after something happened, ms: a part or two, and slow machines. */
const LATENCY_SLACK_MS = 1500;
/** How exactly a place in the past is kept, ms: the time that an interruption takes is no longer behind for it. */
const PAST_SLACK_MS = 3500;
/** A frame, and the rounding of the session's clock. */
const SAME_PICTURE_MS = 90;

/** Latency of who was not live before, ms. */
const USUAL_LATENCY_MS = 1500;
/** So far behind a change those who are not live are watched until they have played through it, ms. */
const PLAYED_THROUGH_MS = 15_000;
/** So much after the change something was sent by an encoder that has gone on, ms. */
const BEYOND_MS = 500;

/** What a change leaves as it was, for those who watch. */
export interface Outcome {
  /** By when everybody has the picture back, ms. */
  readonly withinMs: number;
  /** Another session began: who was in the past of the old one sees that to its end, and is live in the new one then. */
  readonly newSession?: boolean;
  /** So much of the end of what was sent before is gone for good, ms: it was not stored when the server was killed. */
  readonly lostMs?: number;
  /** No picture afterwards, only sound. */
  readonly soundOnly?: boolean;
  /** How much later than before a live viewer may be, ms, where the media themselves are late. */
  readonly laterByMs?: number;
  /**
   * For how long nothing could be had, ms. Who is in the past may have stood still for it, and is further in the past; or it
   * was jumped over because it will never be there, and they are less so.
   */
  readonly goneMs?: number;
}

/** Brings a viewer to what they do before anything happens. @returns what is shown to them then */
export async function settle(viewer: Viewer, { soundOnly = false } = {}): Promise<Shown> {
  await viewer.plays(1, 40_000);
  if (!soundOnly) await viewer.when('time of the picture', 20_000, ({ ptsMs }) => ptsMs !== null);
  switch (viewer.kind) {
    case 'watching':
      break;
    case 'paused':
      await viewer.pause();
      if (!soundOnly) return viewer.stands();
      break;
    case 'in the past':
      await viewer.press('ArrowLeft');
      await viewer.plays(1, 20_000);
      break;
    case 'in a hidden tab':
      break;
  }
  const shown = soundOnly
    ? await viewer.shown()
    : await viewer.when('picture with its time', 10_000, ({ ptsMs }) => ptsMs !== null);
  if (viewer.kind === 'in a hidden tab') await viewer.hide();
  return shown;
}

/** What is compared after a change: what was shown before it, what it is to leave, and when it was complete, Unix ms. */
export interface Expected {
  readonly before: Shown;
  readonly outcome: Outcome;
  readonly happenedAt: number;
}

/** Checks that a viewer is where they belong after a change, and that nothing had to be pressed for it. */
export async function expectBack(viewer: Viewer, expected: Expected): Promise<void> {
  switch (viewer.kind) {
    case 'watching':
      return expectLive(viewer, expected);
    case 'in a hidden tab':
      await viewer.show();
      return expectLive(viewer, expected);
    case 'in the past':
      return expectPast(viewer, expected);
    case 'paused':
      return expectPaused(viewer, expected);
  }
}

async function expectLive(viewer: Viewer, { before, outcome, happenedAt }: Expected): Promise<void> {
  const { withinMs, newSession = false, soundOnly = false, laterByMs = 0 } = outcome;
  await viewer.plays(2, withinMs);
  if (soundOnly) return;
  // Who was not live before has no latency to keep.
  const usual = viewer.kind === 'watching' || viewer.kind === 'in a hidden tab' ? before.behindMs : null;
  const limit = (usual ?? USUAL_LATENCY_MS) + LATENCY_SLACK_MS + laterByMs;
  const isLive = ({ behindMs, ptsMs, epochAt, paused, readyState, path }: Shown): boolean =>
    behindMs !== null &&
    // Frames of the old session on the clock of the new one would be of the future.
    behindMs > 0 &&
    behindMs < limit &&
    !path.includes('/sessions/') &&
    (newSession || sees(happenedAt, ptsMs, epochAt)) &&
    !paused &&
    readyState >= 2;
  await viewer.when(`latency below ${Math.round(limit)} ms after the change`, withinMs, isLive);
  // It lasts: what was loaded before the change is played out by then.
  await viewer.plays(1, withinMs);
  await viewer.when(`latency below ${Math.round(limit)} ms, for good`, withinMs, isLive);
}

async function expectPast(viewer: Viewer, expected: Expected): Promise<void> {
  const { before, outcome } = expected;
  const { withinMs, goneMs = 0, laterByMs = 0 } = outcome;
  await viewer.plays(2, withinMs);
  if (outcome.newSession) return expectLive(viewer, expected);
  if (outcome.soundOnly || before.behindMs === null) return;
  await playsThrough(viewer, expected);
  const behindBefore = before.behindMs;
  await viewer.when('the same distance from the live edge', withinMs, ({ behindMs }) => {
    if (behindMs === null) return false;
    const change = behindMs - behindBefore;
    const slack = PAST_SLACK_MS + goneMs;
    return change > -slack && change < slack + laterByMs;
  });
}

async function expectPaused(viewer: Viewer, expected: Expected): Promise<void> {
  const { before, outcome, happenedAt } = expected;
  const { withinMs, lostMs = 0 } = outcome;
  await viewer.when('a paused element with a picture', withinMs, ({ paused, readyState }) => {
    return paused && readyState >= 2;
  });
  if (before.ptsMs !== null) {
    const shown = await viewer.stands();
    const moved = Math.abs((shown.ptsMs ?? Number.NaN) - before.ptsMs);
    expect(moved, 'distance from the picture that was paused, ms').toBeLessThan(SAME_PICTURE_MS + lostMs);
  }
  await viewer.play();
  if (outcome.newSession) return expectLive(viewer, expected);
  const resumed = await viewer.plays(1, withinMs);
  if (outcome.soundOnly || before.ptsMs === null || resumed.ptsMs === null || resumed.epochAt === null) return;
  // On from that picture, or from the live edge for who paused but a moment ago.
  expect(resumed.ptsMs, 'the picture after the one that was paused').toBeGreaterThan(before.ptsMs);
  if (happenedAt - resumed.epochAt - resumed.ptsMs < PLAYED_THROUGH_MS) await playsThrough(viewer, expected);
}

/** Plays on by itself until it shows what was sent after the change. */
async function playsThrough(viewer: Viewer, { outcome, happenedAt }: Expected): Promise<void> {
  await viewer.when('picture of after the change', outcome.withinMs + PLAYED_THROUGH_MS, ({ ptsMs, epochAt }) =>
    sees(happenedAt, ptsMs, epochAt),
  );
  await viewer.plays(1, outcome.withinMs);
}

function sees(happenedAt: number, ptsMs: number | null, epochAt: number | null): boolean {
  return ptsMs !== null && epochAt !== null && epochAt + ptsMs > happenedAt + BEYOND_MS;
}
