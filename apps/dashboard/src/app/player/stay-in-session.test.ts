import type { Recording, Stream } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { type Stay, StayInSession } from './stay-in-session';

const stream = (id: string, sessionId: string) => ({ id, session: { id: sessionId } }) as Stream;

/** A viewer in the past of session `old`; `answer` lets the server say what is stored of it. */
function make({ shownPtsMs = 5000 as number | null } = {}) {
  const told: [stream: string, session: string | undefined, stays: boolean][] = [];
  const answers: ((recording: Recording | null) => void)[] = [];
  const stay = new StayInSession({
    recording: (_streamId, id) =>
      new Promise((resolve, reject) =>
        answers.push((recording) => (recording ? resolve({ ...recording, id }) : reject(new Error('gone')))),
      ),
    shownPtsMs: () => shownPtsMs,
  });
  stay.keepsPlace = () => true;
  const takes = (one: Stream, watched: string) =>
    stay.takes(one, watched, ({ id, session }: Stream, kept: Stay | null) =>
      told.push([id, session?.id, kept !== null]),
    );
  const answer = async (recording: Partial<Recording> | null) => {
    answers.shift()?.(recording as Recording | null);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { stay, told, takes, answer };
}

describe('whoever is in the past when another session begins', () => {
  it('stays in theirs, and gets the newest word of the stream with it', async () => {
    const { stay, told, takes, answer } = make();
    takes(stream('a', 'new'), 'old');
    takes(stream('a', 'newer'), 'old');
    expect(told).toEqual([]);
    await answer({ mediaFromMs: 0 });
    expect(told).toEqual([['a', 'newer', true]]);
    expect(stay.sessionId).toBe('old');
  });

  it('is taken along when nothing of theirs is stored any more, or nothing was shown', async () => {
    for (const [shownPtsMs, recording] of [
      [5000, null],
      [5000, { mediaFromMs: null }],
      [null, { mediaFromMs: 0 }],
    ] as const) {
      const { told, takes, answer } = make({ shownPtsMs });
      takes(stream('a', 'new'), 'old');
      await answer(recording);
      expect(told).toEqual([['a', 'new', false]]);
    }
  });

  it('does not take an old session along to the page of another stream', async () => {
    const { stay, told, takes, answer } = make();
    takes(stream('a', 'new'), 'old');
    takes(stream('b', 'of b'), 'of b');
    takes(stream('b', 'next of b'), 'of b');
    await answer({ mediaFromMs: 0 });
    expect(told).toEqual([['b', 'of b', false]]);
    await answer({ mediaFromMs: 0 });
    expect(told).toEqual([
      ['b', 'of b', false],
      ['b', 'next of b', true],
    ]);
    expect(stay.sessionId).toBe('of b');
  });
});
