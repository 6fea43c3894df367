import { connect, type Socket } from 'node:net';
import type { DropReason } from '@media-analyzer/protocol';
import { encodeLinkFrame, type LinkFrame } from '@media-analyzer/protocol/process';

export interface FrameLinkOptions {
  /** Socket of the vision process. */
  readonly socketPath: string;
  /** The operating system took the whole frame. */
  onSent(): void;
  onDropped(reason: Extract<DropReason, 'vision_down' | 'link_busy'>): void;
  /** A connection ended: nobody answers what was sent on it and is not answered yet. */
  onLost(): void;
}

/** Wait before the next try to connect, ms. A refused local connection costs microseconds. */
const RECONNECT_MS = 100;

/**
 * Sends frames to the vision process and finds it again when it restarts. One frame is on its way and one waits; a newer one
 * takes the waiting one's place, so that the frame that vision gets next is never old.
 */
export class FrameLink {
  private socket: Socket | null = null;
  private ready = false;
  private sending = false;
  private waiting: LinkFrame | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(private readonly options: FrameLinkOptions) {
    this.connect();
  }

  get socketPath(): string {
    return this.options.socketPath;
  }

  /** Whether a frame handed over now can get through. */
  get connected(): boolean {
    return this.ready;
  }

  send(frame: LinkFrame): void {
    if (!this.ready) {
      this.options.onDropped('vision_down');
      return;
    }
    if (this.sending) {
      if (this.waiting) this.options.onDropped('link_busy');
      this.waiting = frame;
      return;
    }
    this.write(frame);
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.socket?.destroy();
  }

  private connect(): void {
    this.timer = null;
    const socket = connect(this.options.socketPath);
    this.socket = socket;
    socket.on('connect', () => {
      this.ready = true;
    });
    // Nothing comes back on this link, but the end of the other side is only noticed by reading.
    socket.resume();
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.lost());
  }

  private lost(): void {
    const wasReady = this.ready;
    this.ready = false;
    this.socket = null;
    if (this.waiting) this.options.onDropped('vision_down');
    this.waiting = null;
    if (wasReady && !this.closed) this.options.onLost();
    if (!this.closed) this.timer = setTimeout(() => this.connect(), RECONNECT_MS);
  }

  private write(frame: LinkFrame): void {
    const { socket } = this;
    if (!socket) return;
    const [head, pixels] = encodeLinkFrame(frame);
    this.sending = true;
    socket.cork();
    socket.write(head);
    socket.write(pixels, (error) => {
      this.sending = false;
      // A write that is cut off by the end of the connection ends without error, too.
      if (error || socket.destroyed) this.options.onDropped('vision_down');
      else this.options.onSent();
      const next = this.waiting;
      if (!next || !this.ready) return;
      this.waiting = null;
      this.write(next);
    });
    socket.uncork();
  }
}
