import type { FrameTap } from '@media-analyzer/protocol/process';
import { type DecodedFrame, FrameScaler } from '../codec/index.js';
import { FrameLink } from './frame-link.js';
import { FrameSampler } from './frame-sampler.js';
import type { Tally } from './tally.js';

/** What a tap is made of. */
export interface SamplingTapOptions {
  readonly sessionId: string;
  readonly tap: FrameTap;
  readonly tally: Tally;
  /** The link to the vision process broke: the counts say so at once. */
  onLinkLost(): void;
}

/** Samples decoded frames, scales what was picked to the model's input and sends it to the vision process. */
export class SamplingTap {
  private current: FrameSampler;
  private readonly scaler: FrameScaler;
  private readonly link: FrameLink;

  constructor(private readonly options: SamplingTapOptions) {
    const { tap, tally } = options;
    this.current = this.newSampler(tap.rate);
    this.scaler = new FrameScaler(tap.input);
    this.link = new FrameLink({
      socketPath: tap.socketPath,
      onSent: () => tally.sent(),
      onDropped: (reason) => tally.dropped(reason),
      onLost: () => {
        tally.linkLost();
        options.onLinkLost();
      },
    });
  }

  get sampler(): FrameSampler {
    return this.current;
  }

  /** Goes on with another number of frames per second; the link stays as it is. */
  setRate(rate: number): void {
    this.current.reset();
    this.current = this.newSampler(rate);
  }

  private newSampler(rate: number): FrameSampler {
    const { tally, tap } = this.options;
    return new FrameSampler({ rate, sampling: tap.sampling, onLost: (reason) => tally.missed(reason) });
  }

  /** @throws Error when the picture cannot be scaled */
  async offer(frame: DecodedFrame): Promise<void> {
    if (!this.sampler.offer(frame)) return;
    const { tally, sessionId } = this.options;
    tally.sampled();
    if (!this.link.connected) {
      tally.dropped('vision_down');
      return;
    }
    const scaled = await this.scaler.scale(frame).catch((error: unknown) => {
      tally.dropped('undecodable');
      throw error;
    });
    this.link.send({
      sessionId,
      ptsMs: frame.ptsMs,
      capturedAt: frame.capturedAt,
      sourceWidth: frame.width,
      sourceHeight: frame.height,
      ...scaled,
    });
  }

  /** To be called when no `offer` runs. */
  close(): void {
    this.sampler.reset();
    this.link.close();
    this.scaler.close();
  }
}
