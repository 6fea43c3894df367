import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CodedSample } from '@media-analyzer/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from './test-support.js';

const MEDIA = process.env.TEST_MEDIA ?? resolve(import.meta.dirname, '../../../../../shared/media');

interface ManifestItem {
  readonly file: string;
  readonly bytes: number;
  readonly media?: { readonly video_codec?: string; readonly audio_codec?: string; readonly fps?: string };
}

/** Three small clips that RTMP can carry as they are, each of another frame rate. */
function pickClips(): string[] {
  const manifest = JSON.parse(readFileSync(join(MEDIA, 'MANIFEST.json'), 'utf8')) as { items: ManifestItem[] };
  const byFrameRate = new Map<string, string>();
  for (const { file, bytes, media } of manifest.items)
    if (media?.video_codec === 'h264' && media.audio_codec === 'aac' && media.fps && bytes < 5_000_000)
      if (!byFrameRate.has(media.fps)) byFrameRate.set(media.fps, join(MEDIA, file));
  return [...byFrameRate.values()].slice(0, 3);
}
const CLIPS = pickClips();

let target: TestServer;
beforeAll(async () => {
  target = await startServer();
});
afterAll(() => target.close());

async function run(command: string, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  child.stderr.on('data', (data: Buffer) => err.push(data));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') };
}

interface ProbedPacket {
  codec_type: 'video' | 'audio';
  pts_time: string;
  dts_time: string;
  size: string;
}

async function packetsOf(file: string): Promise<ProbedPacket[]> {
  const args = ['-v', 'error', '-show_packets', '-of', 'json', file];
  const { out } = await run('ffprobe', args);
  return (JSON.parse(out) as { packets: ProbedPacket[] }).packets;
}

/** Whether there is an IDR slice (NAL unit type 5) among the units: containers flag other pictures of I slices too. */
function holdsIdr(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; at + 4 < data.length; at += 4 + view.getUint32(at)) if ((data[at + 4]! & 0x1f) === 5) return true;
  return false;
}

/** Whole ms relative to the first one of a kind: publishers shift the start, rounding moves each by up to one. */
const relative = (times: readonly number[]): number[] => times.map((time) => time - times[0]!);

describe('ffmpeg publishing a file', () => {
  it('has clips to publish', () => expect(CLIPS.length).toBeGreaterThan(1));

  it.each(CLIPS)('%s arrives with every packet, time and keyframe', async (clip) => {
    const packets = await packetsOf(clip);
    const published = await run('ffmpeg', ['-v', 'error', '-i', clip, '-c', 'copy', '-f', 'flv', target.url]);
    expect(published.code).toBe(0);
    const sink = await target.nextSink();
    expect(await sink.ended).toEqual({ kind: 'unpublished' });

    for (const kind of ['video', 'audio'] as const) {
      const expected = packets.filter((packet) => packet.codec_type === kind);
      const received: CodedSample[] = sink.samples.filter((sample) => sample.kind === kind);
      expect(received.map((sample) => sample.data.length)).toEqual(expected.map((packet) => Number(packet.size)));
      expect(received.map((sample) => sample.keyframe)).toEqual(
        received.map(({ data }) => kind === 'audio' || holdsIdr(data)),
      );
      for (const time of ['pts', 'dts'] as const) {
        const want = relative(expected.map((packet) => Number(packet[`${time}_time`]) * 1000));
        const got = relative(received.map((sample) => sample[`${time}Ms`]));
        for (const [index, value] of got.entries()) expect(Math.abs(value - want[index]!)).toBeLessThanOrEqual(1.5);
      }
    }
  });

  it('with a wrong key fails, and nothing was published', async () => {
    const before = target.sinks.length;
    const url = `rtmp://127.0.0.1:${target.port}/live/wrong`;
    const { code, err } = await run('ffmpeg', ['-v', 'error', '-i', CLIPS[0]!, '-c', 'copy', '-f', 'flv', url]);
    expect(code).not.toBe(0);
    expect(err).toContain('The stream key is not known to this server');
    expect(target.sinks).toHaveLength(before);
  });

  it('killed in the middle leaves a sink that knows it was not a good end', async () => {
    const args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', CLIPS[0]!, '-c', 'copy', '-f', 'flv', target.url];
    const ffmpeg = spawn('ffmpeg', args, { stdio: 'ignore' });
    const sink = await target.nextSink();
    await sink.until(() => sink.video.length > 10);
    ffmpeg.kill('SIGKILL');
    expect(await sink.ended).toEqual({ kind: 'disconnected' });
  });

  it('stopped but not closed is a half-open publisher whose silence grows', async () => {
    const args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', CLIPS[0]!, '-c', 'copy', '-f', 'flv', target.url];
    const ffmpeg = spawn('ffmpeg', args, { stdio: 'ignore' });
    const sink = await target.nextSink();
    await sink.until(() => sink.video.length > 10);
    ffmpeg.kill('SIGSTOP');
    const { connection } = sink.request;
    // Sent bytes may still be on their way: wait until the silence is longer than any gap of a running publisher.
    while (connection.silentMs() < 300) await new Promise((next) => setTimeout(next, 20));
    const bytes = connection.bytesReceived();
    const silent = connection.silentMs();
    await new Promise((next) => setTimeout(next, 20));
    expect(connection.silentMs()).toBeGreaterThan(silent);
    expect(connection.bytesReceived()).toBe(bytes);
    connection.close('stream_key_busy');
    expect(sink.ends).toMatchObject([{ kind: 'closed', code: 'stream_key_busy' }]);
    ffmpeg.kill('SIGKILL');
    await once(ffmpeg, 'exit');
  });
});
