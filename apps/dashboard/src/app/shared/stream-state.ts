import type { Stream, StreamState } from '@media-analyzer/protocol';

/** What needs eyes first: trouble, then what is on air, then what is over. */
const RANK: Readonly<Record<StreamState, number>> = { reconnecting: 0, live: 1, connecting: 2, ended: 3, offline: 4 };

/** A session is running: media flow, or its publisher has just come or is expected back. The one meaning of "on air". */
export function isOnAir({ state }: Pick<Stream, 'state'>): boolean {
  return state === 'live' || state === 'reconnecting' || state === 'connecting';
}

/** Order by urgency: negative when `a` needs eyes before `b`. */
export function compareUrgency(a: StreamState, b: StreamState): number {
  return RANK[a] - RANK[b];
}

/** Unix ms of the last time that media came; null when none ever did. Of a stream on air: when it went on air. */
export function lastOnAirAt({ session, ...stream }: Stream): number | null {
  if (!session) return null;
  if (isOnAir(stream)) return session.startedAt;
  return session.endedAt ?? session.startedAt + session.durationMs;
}
