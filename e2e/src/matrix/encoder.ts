import { setTimeout as delay } from 'node:timers/promises';
import { RtmpPublisher } from '@media-analyzer/media/rtmp';
import type { CodedSample } from '@media-analyzer/protocol';
import type { LoadedMedia } from '../harness/publish.js';
import { type ClipName, clip } from './clips.js';

type Kind = CodedSample['kind'];

/** What an encoder sends, and what it leaves out. */
export interface Programme {
  readonly clip: ClipName;
  /** Kinds that are sent; both when not given. */
  readonly kinds?: readonly Kind[];
  /** False: new parameters are in the bitstream only, no new sequence header tells of them. */
  readonly announced?: boolean;
}

interface Playing extends Required<Programme> {
  readonly media: LoadedMedia;
}

/**
 * An encoder as it stands beside a stage: plays clips in an endless loop in real time over one RTMP connection, and can be
 * told to send something else, to stop sending one kind, to jump in time, or to go.
 */
export class LoopEncoder {
  private playing: Playing;
  private readonly stopping = new AbortController();
  private readonly run: Promise<void>;
  private jumpMs = 0;
  /** Kinds whose tracks this connection has announced. */
  private announcedOf: Partial<Record<Kind, Uint8Array>> = {};

  private constructor(
    private readonly rtmp: RtmpPublisher,
    first: Playing,
  ) {
    this.playing = first;
    this.run = this.loop();
  }

  /** Connects, is accepted, and begins to send. @throws CodedError `rtmp_publish_refused` */
  static async start(url: string, programme: Programme): Promise<LoopEncoder> {
    const playing = await load(programme);
    const rtmp = new RtmpPublisher();
    try {
      await rtmp.connect(url);
      await rtmp.publish();
    } catch (error) {
      rtmp.destroy();
      throw error;
    }
    return new LoopEncoder(rtmp, playing);
  }

  /** From the next frame on sends this; another clip from its beginning. */
  async send(programme: Programme): Promise<void> {
    this.playing = await load(programme);
  }

  /** Moves the encoder's clock, ms; backwards with a negative number. */
  jump(ms: number): void {
    this.jumpMs += ms;
  }

  /** Ends in good order. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.run;
    await this.rtmp.close().catch(() => this.rtmp.destroy());
  }

  /** Ends without a word, as a cable that is pulled. */
  vanish(): void {
    this.stopping.abort();
    this.rtmp.destroy();
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    const startedAt = performance.now();
    let base = 0;
    // What a connection that was cut says is of no interest: the test looks at the viewers.
    try {
      while (!signal.aborted) {
        const { playing } = this;
        await this.announce(playing, base + this.jumpMs);
        let next = base;
        for (const sample of playing.media.samples) {
          const due = base + sample.dtsMs;
          const waitMs = startedAt + due - performance.now();
          if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
          if (signal.aborted) return;
          // The same clip goes on where it is: only what is sent of it changes.
          if (this.playing.media !== playing.media) break;
          if (this.playing.kinds !== playing.kinds) await this.announce(this.playing, due + this.jumpMs);
          next = due + frameMs(playing.media);
          if (!this.playing.kinds.includes(sample.kind)) continue;
          const at = base + this.jumpMs;
          await this.rtmp.writeSample({ ...sample, ptsMs: sample.ptsMs + at, dtsMs: sample.dtsMs + at });
        }
        base = next;
      }
    } catch {
      this.rtmp.destroy();
    }
  }

  private async announce({ media, kinds, announced }: Playing, timestampMs: number): Promise<void> {
    for (const track of media.tracks) {
      const known = this.announcedOf[track.kind];
      if (!kinds.includes(track.kind) || known === track.configuration || (known && !announced)) continue;
      this.announcedOf[track.kind] = track.configuration;
      await this.rtmp.writeTrack(track, Math.max(0, timestampMs));
    }
  }
}

async function load(programme: Programme): Promise<Playing> {
  return { kinds: ['video', 'audio'], announced: true, ...programme, media: await clip(programme.clip) };
}

/** Time from one frame to the next, ms. */
function frameMs({ samples }: LoadedMedia): number {
  const frames = samples.filter(({ kind }) => kind === 'video');
  return frames.length > 1 ? (frames.at(-1)!.dtsMs - frames[0]!.dtsMs) / (frames.length - 1) : 40;
}
