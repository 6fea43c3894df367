/**
 * The loop publisher: a child process that plays a media file in a loop through a real RTMP port, as an encoder would.
 * It reads the file natively, which is why it is no part of the server.
 */
import process from 'node:process';
import { CodedError, describeError } from '@media-analyzer/protocol';
import {
  type FromPublisher,
  type ParentChannel,
  serveParent,
  type ToPublisher,
} from '@media-analyzer/protocol/process';
import { probeFile, readCodedSamples, silenceNativeLog, transcodeToCodedSamples } from '../codec/index.js';
import { RtmpPublisher } from '../rtmp/index.js';
import { isTracks, loopSamples, type SourceItem } from './looped-samples.js';
import { Pacer } from './pacer.js';

const stop = new AbortController();
let finished: Promise<void> = Promise.resolve();

silenceNativeLog();
serveParent<ToPublisher, FromPublisher>({
  handle: (message, channel) => {
    // Not awaited: publishing lasts until the process is stopped.
    finished = publish(message.url, message.file, channel).catch((error: unknown) => giveUp(error, message.file));
  },
  stop: async () => {
    stop.abort();
    await finished;
  },
});

async function publish(url: string, file: string, channel: ParentChannel<FromPublisher>): Promise<void> {
  const transcoded = (await probeFile(file)).unsupported.length > 0;
  const open = (): AsyncIterable<SourceItem> => (transcoded ? transcodeToCodedSamples(file) : readCodedSamples(file));
  const publisher = new RtmpPublisher();
  try {
    await publisher.connect(url);
    await publisher.publish();
    channel.send({ type: 'publishing', transcoded });
    const pacer = new Pacer(stop.signal);
    for await (const item of loopSamples(open, (times) => channel.send({ type: 'looped', times }))) {
      if (isTracks(item)) {
        for (const track of item) await publisher.writeTrack(track);
        continue;
      }
      await pacer.until(item.dtsMs);
      await publisher.writeSample(item);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await publisher.close();
  }
}

/** Tells the parent why, and ends; waiting for the message to be out. */
function giveUp(error: unknown, file: string): void {
  const { code, details } =
    error instanceof CodedError ? error : new CodedError('media_unreadable', { file, problem: describeError(error) });
  const problem: FromPublisher = { type: 'problem', code, details };
  process.send?.(problem, () => process.exit(1));
}
