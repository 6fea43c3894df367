import { lstat, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { describeError } from '@media-analyzer/protocol';
import { type LinkFrame, LinkFrameReader, type LogLevel } from '@media-analyzer/protocol/process';

/** More media processes than one machine runs; each connection may hold one frame in memory. */
const MAX_CONNECTIONS = 256;

/** Where to listen, and what to do with the frames. */
export interface FrameServerOptions {
  readonly path: string;
  readonly onFrame: (frame: LinkFrame) => void;
  readonly log: (level: LogLevel, text: string, fields?: Record<string, unknown>) => void;
}

/** Takes frame link connections on a Unix socket. What a connection sends wrong ends that connection only. */
export class FrameServer {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly options: FrameServerOptions,
    private readonly server: Server,
  ) {}

  get path(): string {
    return this.options.path;
  }

  /**
   * Listens; a socket file that a killed process left behind is removed first.
   *
   * @throws Error when the path is taken by something that is no socket, or cannot be listened on.
   */
  static async listen(options: FrameServerOptions): Promise<FrameServer> {
    await mkdir(dirname(options.path), { recursive: true });
    await removeStaleSocket(options.path);
    const server = createServer();
    server.maxConnections = MAX_CONNECTIONS;
    const frames = new FrameServer(options, server);
    server.on('connection', (socket) => frames.accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.path, resolve);
    });
    server.on('error', (error) => options.log('error', 'frame link server failed', { problem: error.message }));
    return frames;
  }

  /** Ends all connections and removes the socket file. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const { log, onFrame } = this.options;
    const reader = new LinkFrameReader();
    this.sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      let frames: LinkFrame[];
      try {
        frames = reader.push(chunk);
      } catch (error) {
        log('warn', 'frame link closed', { problem: describeError(error) });
        socket.destroy();
        return;
      }
      for (const frame of frames) onFrame(frame);
    });
    socket.on('error', (error) => log('debug', 'frame link broke', { problem: error.message }));
    socket.on('close', () => this.sockets.delete(socket));
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const info = await lstat(path).catch(() => null);
  if (!info) return;
  if (!info.isSocket()) throw new Error(`${path} exists and is no socket; it is not removed`);
  await rm(path);
}
