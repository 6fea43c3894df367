import { CodedError, type CodedSample, type Track } from '@media-analyzer/protocol';
import { LiveHlsPackager, type LiveHlsPackagerOptions, type SegmentInfo } from '../index.js';
import { MemoryStore } from './playback-server.js';
import { type ParsedPlaylist, parsePlaylist } from './playlist-validator.js';
import { AUDIO, VIDEO } from './samples.js';

export const EPOCH = 1_700_000_000_000;

/** A packager with its surroundings in memory. */
export interface Setup {
  readonly packager: LiveHlsPackager;
  readonly store: MemoryStore;
  readonly infos: SegmentInfo[];
  readonly problems: (CodedError | null)[];
  feed(samples: readonly CodedSample[]): void;
  playlist(): Promise<ParsedPlaylist>;
}

export function setUp(tracks: readonly Track[] = [VIDEO, AUDIO], options: Partial<LiveHlsPackagerOptions> = {}): Setup {
  const store = new MemoryStore();
  const infos: SegmentInfo[] = [];
  const problems: (CodedError | null)[] = [];
  const packager = new LiveHlsPackager({
    epochAt: EPOCH,
    store,
    onSegment: (info) => infos.push(info),
    onStoreProblem: (problem) => problems.push(problem),
    ...options,
  });
  packager.setTracks(tracks);
  return {
    packager,
    store,
    infos,
    problems,
    feed(samples) {
      for (const sample of samples) packager.push(sample);
    },
    async playlist() {
      return parsePlaylist((await packager.mediaPlaylist({})).body);
    },
  };
}

/** Lets promise callbacks and finished store calls run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Code of the coded error that a promise rejects with, else a text that says what happened. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof CodedError ? error.code : `not refused: ${String(error)}`;
}
