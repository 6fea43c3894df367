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
}

/** Samples decoded frames, scales what was picked to the model's input and sends it to the vision process. */
export class SamplingTap {
  readonly sampler: FrameSampler;
  private readonly scaler: FrameScaler;
  private readonly link: FrameLink;

  constructor(private readonly options: SamplingTapOptions) {
    const { tap, tally } = options;
    this.sampler = new FrameSampler(tap.rate, (reason) => tally.missed(reason));
    this.scaler = new FrameScaler(tap.input);
    this.link = new FrameLink({
      socketPath: tap.socketPath,
      onSent: () => tally.sent(),
      onDropped: (reason) => tally.dropped(reason),
    });
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
      tally.dropped('media_down');
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
