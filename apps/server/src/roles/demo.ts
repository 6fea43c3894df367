import { CodedError, describeError } from '@media-analyzer/protocol';
import type { FromPublisher, ToPublisher } from '@media-analyzer/protocol/process';
import type { Logger } from '../log.js';
import { DEFAULT_PROCESS_LIMITS, type ProcessTable, resolveChildEntry, SupervisedProcess } from '../processes/index.js';
import type { StreamService } from '../streams/index.js';
import { Demo } from '../system/index.js';
import { hostForUrl, listAll, nullIfNotFound } from './helpers.js';
import { PATHS } from './paths.js';

export interface DemoParts {
  readonly streams: StreamService;
  /** The RTMP port as it was bound. */
  readonly rtmp: { readonly host: string; readonly port: number };
  readonly log: Logger;
  /** Where the child can be seen. */
  readonly table: ProcessTable;
}

/** The demo, published by a child process through the real RTMP port. */
export function openDemo({ streams, rtmp, log, table }: DemoParts): Demo {
  // Over loopback where possible, whatever name the world knows the port by.
  const everywhere = rtmp.host === '0.0.0.0' || rtmp.host === '::';
  const server = `rtmp://${everywhere ? '127.0.0.1' : hostForUrl(rtmp.host)}:${rtmp.port}/live`;
  return new Demo({
    clip: PATHS.demoClip,
    log,
    streams: {
      create: (name) => streams.create({ name }),
      find: (streamId) => streams.get(streamId).catch(nullIfNotFound),
      findByName: async (name) =>
        (await listAll((cursor) => streams.list({ limit: 1000, cursor }))).find((stream) => stream.name === name) ??
        null,
    },
    openPublisher(file, { target, onState, onProblem }) {
      const publish = async (): Promise<void> => {
        const stream = await target();
        if (stream) publisher.send({ type: 'publish', url: `${server}/${stream.streamKey}`, file });
      };
      const publisher: SupervisedProcess<ToPublisher, FromPublisher> = new SupervisedProcess({
        name: 'demo publisher',
        entry: resolveChildEntry('@media-analyzer/media/loop-publisher'),
        limits: DEFAULT_PROCESS_LIMITS,
        log,
        table,
        onReady: () => {
          publish().catch((error: unknown) => log.warn({ problem: describeError(error) }, 'demo not published'));
        },
        onMessage: (message) => {
          if (message.type === 'problem') onProblem(new CodedError(message.code, message.details));
        },
        onState,
      });
      return publisher;
    },
  });
}
