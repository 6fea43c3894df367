import { PicturePace } from '@media-analyzer/protocol/process';
import { type DecodedFrame, JpegThumbnail } from '../codec/index.js';

export interface ThumbnailerOptions {
  /** Least distance of two thumbnails, ms of stream time. */
  readonly everyMs: number;
  /** Pixels. */
  readonly width: number;
  send(thumbnail: { readonly ptsMs: number; readonly jpeg: Uint8Array }): void;
}

/** Makes a thumbnail of the first frame after each interval. */
export class Thumbnailer {
  private readonly encoder: JpegThumbnail;
  private readonly pace: PicturePace;

  constructor(private readonly options: ThumbnailerOptions) {
    this.encoder = new JpegThumbnail(options.width);
    this.pace = new PicturePace(options.everyMs);
  }

  /** Whether a frame of this time would become a thumbnail; also after a jump back in time. */
  due(ptsMs: number): boolean {
    return this.pace.due(ptsMs);
  }

  /** @throws Error when the picture cannot be encoded */
  async offer(frame: DecodedFrame): Promise<void> {
    if (!this.due(frame.ptsMs)) return;
    this.pace.made(frame.ptsMs);
    this.options.send({ ptsMs: frame.ptsMs, jpeg: await this.encoder.encode(frame) });
  }

  /** To be called when no `offer` runs. */
  close(): void {
    this.encoder.close();
  }
}
