import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Api } from './api.js';
import { Child, type ChildEnd, describeEnd } from './child.js';
import { makeDataFolder, REPOSITORY, SERVER_PROGRAM } from './paths.js';
import { freePort } from './ports.js';
import { processTree } from './process-tree.js';
import { until } from './wait.js';

/** The flags that `npm start` gives to Node. */
const { SERVER_FLAGS }: { SERVER_FLAGS: readonly string[] } = await import(
  pathToFileURL(path.join(REPOSITORY, 'scripts/lib/server-program.mjs')).href
);

/** The first start makes a database: seconds by itself, a minute on a machine that is busy with everything else. */
export const START_WITHIN_MS = 120_000;

/** How to start a server; everything has a default that no other test shares. */
export interface ServerOptions {
  /** More variables, or other values. `undefined` unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Kept after the end when given; otherwise a folder of its own that `stop` deletes. */
  readonly dataDir?: string;
  readonly httpPort?: number;
  readonly rtmpPort?: number;
}

/** The real, built server, started by a test as users start it. */
export class TestServer {
  readonly api: Api;
  private constructor(
    readonly child: Child,
    readonly httpPort: number,
    readonly rtmpPort: number,
    readonly dataDir: string,
    private readonly removeData: () => Promise<void>,
  ) {
    this.api = new Api(this.baseUrl);
  }

  /** @throws Error with the end of its log when the server does not become ready. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const own = options.dataDir ? null : await makeDataFolder('data');
    const dataDir = options.dataDir ?? own?.path ?? '';
    const httpPort = options.httpPort ?? (await freePort());
    const rtmpPort = options.rtmpPort ?? (await freePort());
    const child = spawnServer({
      HOST: '127.0.0.1',
      PORT: String(httpPort),
      RTMP_PORT: String(rtmpPort),
      DATA_DIR: dataDir,
      ...options.env,
    });
    const server = new TestServer(child, httpPort, rtmpPort, dataDir, async () => own?.remove());
    let end: ChildEnd | null = null;
    void child.ended.then((how) => {
      end = how;
    });
    try {
      await until(
        async () => {
          if (end) return 'ended';
          return (await server.api.get('/readyz')).status === 200 && 'ready';
        },
        { what: 'ready server', withinMs: START_WITHIN_MS },
      );
      if (end) throw new Error(`it ended with ${describeEnd(end)}`);
    } catch (error) {
      if (child.running) await child.stop({ signal: 'SIGKILL' });
      throw new Error(`the server did not start: ${String(error)}\n${child.tail()}`);
    }
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Lines that it printed. */
  get log(): readonly string[] {
    return this.child.lines;
  }

  /**
   * Stops the server as Ctrl+C or an orchestrator does, and checks that it took its children with it.
   * @throws Error when it does not end in time, ends with an error, or leaves children behind.
   */
  async stop(): Promise<void> {
    const tree = this.child.running ? processTree(this.pid).map(({ pid }) => pid) : [];
    const end = await this.child.stop();
    if (tree.length > 0 && end.code !== 0)
      throw new Error(`the server ended with ${describeEnd(end)}:\n${this.child.tail()}`);
    await until(() => tree.every((pid) => !isRunning(pid)), {
      what: 'end of all children of the server',
      withinMs: 5000,
    });
    await this.removeData();
  }

  /** Kills the server as the kernel does when memory runs out, and waits until its children have noticed. */
  async kill(): Promise<void> {
    const tree = processTree(this.pid).map(({ pid }) => pid);
    this.child.signal('SIGKILL');
    await this.child.ended;
    await until(() => tree.every((pid) => !isRunning(pid)), { what: 'end of the orphaned children', withinMs: 10_000 });
  }

  /** For the end of a test that has killed or stopped it in its own way. */
  async dispose(): Promise<void> {
    if (this.child.running) await this.stop();
    else await this.removeData();
  }
}

/** Starts the server program without waiting for anything: for tests of starts that fail. */
export function spawnServer(env: Readonly<Record<string, string | undefined>>, args: readonly string[] = []): Child {
  return new Child('server', process.execPath, [...SERVER_FLAGS, SERVER_PROGRAM, ...args], {
    env: { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env },
  });
}

function isRunning(pid: number): boolean {
  return processTree(pid).length > 0;
}
