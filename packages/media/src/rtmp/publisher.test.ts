import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { CodedSample, Track } from '@media-analyzer/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RtmpPublisher, type RtmpPublisherOptions } from './publisher.js';
import { GOOD_KEY, sendRaw, startServer, type TestServer } from './test-support.js';

let target: TestServer;
beforeAll(async () => {
  target = await startServer();
});
afterAll(() => target.close());

/** Real tracks and samples of every codec, out of the recordings. */
async function mediaOf(recording: string): Promise<{ tracks: Track[]; samples: CodedSample[] }> {
  const bytes = readFileSync(join(import.meta.dirname, 'fixtures', recording));
  const [sink] = await Promise.all([target.nextSink(), sendRaw(target.port, [bytes])]);
  await sink.ended;
  return { tracks: sink.tracks.filter((track): track is Track => 'codecString' in track), samples: sink.samples };
}

async function publish(
  media: { tracks: readonly Track[]; samples: readonly CodedSample[] },
  options: RtmpPublisherOptions,
): Promise<{ tracks: unknown[]; samples: CodedSample[]; ends: unknown[] }> {
  const publisher = new RtmpPublisher(options);
  await publisher.connect(target.url);
  await publisher.publish();
  const sink = await target.nextSink();
  await publisher.writeMetadata({ encoder: 'test' });
  for (const track of media.tracks) await publisher.writeTrack(track);
  for (const sample of media.samples) await publisher.writeSample(sample);
  await publisher.close();
  await sink.ended;
  expect(sink.metadata).toHaveLength(1);
  return sink;
}

const comparable = ({ capturedAt: _, data, ...sample }: CodedSample): object => ({
  ...sample,
  data: Buffer.from(data),
});

describe('RtmpPublisher', () => {
  it.each<[string, RtmpPublisherOptions]>([
    ['ffmpeg-5-h264-aac.rtmp', {}],
    ['ffmpeg-5-h264-aac.rtmp', { handshake: 0, chunkSize: 128 }],
    ['ffmpeg-5-h264-aac.rtmp', { handshake: 1, form: 'enhanced' }],
    ['ffmpeg-9-hevc-opus.rtmp', { chunkSize: 1000 }],
    ['ffmpeg-9-av1-aac.rtmp', {}],
  ])('publishes %s so that the server reads the same (%o)', async (recording, options) => {
    const media = await mediaOf(recording);
    expect(media.tracks).toHaveLength(2);
    const received = await publish(media, options);
    expect(received.tracks).toEqual(media.tracks);
    expect(received.samples.map(comparable)).toEqual(media.samples.map(comparable));
    expect(received.ends).toEqual([{ kind: 'unpublished' }]);
  });

  it('is understood by the RTMP server in ffmpeg', async () => {
    const media = await mediaOf('ffmpeg-5-h264-aac.rtmp');
    const port = await freePort();
    const args = ['-loglevel', 'error', '-listen', '1', '-copyts', '-i', `rtmp://127.0.0.1:${port}/live`];
    const ffmpeg = spawn('ffmpeg', [...args, '-map', '0:v', '-copyts', '-c', 'copy', '-f', 'framecrc', '-']);
    const output: Buffer[] = [];
    ffmpeg.stdout.on('data', (data: Buffer) => output.push(data));
    const closed = once(ffmpeg, 'close');
    const publisher = await connectWhenListening(`rtmp://127.0.0.1:${port}/live/key`);
    await publisher.publish();
    for (const track of media.tracks) await publisher.writeTrack(track);
    for (const sample of media.samples) await publisher.writeSample(sample);
    await publisher.close();
    await closed;
    const packets = Buffer.concat(output)
      .toString('utf8')
      .split('\n')
      .filter((line) => line.startsWith('0,'))
      .map((line) => line.split(',').map(Number))
      .map(([, dts, pts, , size]) => [dts, pts, size]);
    expect(packets).toEqual(
      media.samples
        .filter((sample) => sample.kind === 'video')
        .map((sample) => [sample.dtsMs, sample.ptsMs, sample.data.length]),
    );
  });

  it('is told why a wrong key is refused, in words without the key', async () => {
    const publisher = new RtmpPublisher();
    await publisher.connect(`rtmp://127.0.0.1:${target.port}/live/wrong-key-9`);
    const error = await publisher.publish().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'rtmp_publish_refused' });
    expect(String(error)).toContain('NetStream.Publish.BadName');
    expect(String(error)).not.toContain('wrong-key-9');
    await publisher.close();
  });

  it('rejects every write after the server dropped it, with the reason', async () => {
    const publisher = new RtmpPublisher();
    await publisher.connect(target.url);
    await publisher.publish();
    const sink = await target.nextSink();
    const [audio] = (await mediaOf('ffmpeg-9-av1-aac.rtmp')).tracks.filter((track) => track.kind === 'audio');
    await publisher.writeTrack(audio!);
    await sink.until(() => sink.tracks.length === 1);
    sink.request.connection.close('stream_key_busy');
    const sample: CodedSample = {
      kind: 'audio',
      ptsMs: 0,
      dtsMs: 0,
      keyframe: true,
      data: Uint8Array.of(1),
      capturedAt: 0,
    };
    const write = async (): Promise<never> => {
      for (;;) {
        await publisher.writeSample(sample);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await expect(write()).rejects.toMatchObject({ code: 'rtmp_publish_refused' });
    await publisher.close();
  });

  it('waits for room when the server does not read', async () => {
    const { promise: publishing, resolve } = deferred();
    const slow = await startServer({
      authorize: async () => {
        resolve();
        return new Promise(() => {}); // the server pauses reading while it waits for the answer
      },
    });
    const publisher = new RtmpPublisher();
    await publisher.connect(slow.url);
    const refused = publisher.publish().catch((error: unknown) => error);
    await publishing;
    const [track] = (await mediaOf('ffmpeg-5-h264-aac.rtmp')).tracks;
    const frame: CodedSample = {
      kind: 'video',
      ptsMs: 0,
      dtsMs: 0,
      keyframe: true,
      data: new Uint8Array(4_000_000),
      capturedAt: 0,
    };
    await publisher.writeTrack(track!);
    let written = 0;
    const writing = (async () => {
      for (; written < 20; written++) await publisher.writeSample(frame);
    })().catch((error: unknown) => error);
    await new Promise((next) => setImmediate(next));
    expect(written).toBeLessThan(20);
    publisher.destroy();
    expect(await writing).toMatchObject({ code: 'rtmp_connection_lost' });
    expect(await refused).toMatchObject({ code: 'rtmp_connection_lost' });
    await slow.close();
  });

  it('says so when nobody listens', async () => {
    const port = await freePort();
    const connecting = new RtmpPublisher().connect(`rtmp://127.0.0.1:${port}/live/${GOOD_KEY}`);
    await expect(connecting).rejects.toMatchObject({ code: 'rtmp_connection_lost', details: { port } });
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const publisher = new RtmpPublisher({ timeoutMs: 50 });
    await expect(publisher.connect(`rtmp://127.0.0.1:${port}/live/x`)).rejects.toMatchObject({ code: 'rtmp_timeout' });
    publisher.destroy();
    mute.close();
  });

  it.each(['http://host/live/key', 'rtmp://host/live', 'rtmp://host:port/live/key'])(
    'refuses the address %s',
    async (url) => {
      await expect(new RtmpPublisher().connect(url)).rejects.toThrow('rtmp://host[:port]/app/key');
    },
  );
});

/** ffmpeg opens its port some time after it starts; a refused connection is tried again. */
async function connectWhenListening(url: string): Promise<RtmpPublisher> {
  for (let attempt = 0; ; attempt++) {
    const publisher = new RtmpPublisher();
    try {
      await publisher.connect(url);
      return publisher;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
