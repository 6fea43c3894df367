import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { Api } from './harness/api.js';
import { Child } from './harness/child.js';
import { liveClip } from './harness/clips.js';
import { fetchPlaylist, variantUrl } from './harness/hls.js';
import { type NpmLine, npmProgram } from './harness/npm.js';
import { makeDataFolder, makeTemporaryFolder, REPOSITORY, SERVER_PROGRAM } from './harness/paths.js';
import { freePort } from './harness/ports.js';
import { processTree } from './harness/process-tree.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { START_WITHIN_MS, TestServer } from './harness/server.js';
import { until } from './harness/wait.js';

/** A stop in order takes up to 20 s; noticing that a parent is gone, another one. */
const GONE_WITHIN_MS = 25_000;
const READY = /Media Analyzer is ready/;

/** A command that runs the server somewhere below it, with a stream on air. */
class Running {
  readonly pids: readonly number[];
  private constructor(
    readonly command: Child,
    readonly ports: readonly number[],
    readonly data: { readonly path: string; remove(): Promise<void> },
    private readonly publisher: Child | null,
    readonly streamId: string | null,
  ) {
    this.pids = processTree(command.pid).map(({ pid }) => pid);
  }

  /** Waits until the server is ready and, unless told otherwise, a stream is on air. */
  static async start(
    { onTestFinished }: TestContext,
    program: string,
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly ownGroup?: boolean; readonly onAir?: boolean } = {},
  ): Promise<Running> {
    const data = await makeDataFolder('signals');
    const [http, rtmp] = [await freePort(), await freePort()];
    const command = new Child([program, ...args].join(' '), program, args, {
      cwd: REPOSITORY,
      detached: options.ownGroup ?? false,
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        PORT: String(http),
        RTMP_PORT: String(rtmp),
        DATA_DIR: data.path,
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'info',
        ...options.env,
      },
    });
    onTestFinished(() => void (command.running && command.signal('SIGKILL')));
    await command.line(READY, START_WITHIN_MS);
    let publisher: Child | null = null;
    let streamId: string | null = null;
    if (options.onAir ?? true) {
      const api = new Api(`http://127.0.0.1:${http}`);
      const stream = await api.createStream();
      streamId = stream.id;
      publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
      // A session without media would be forgotten.
      await until(
        async () => (await fetchPlaylist(await variantUrl(api.baseUrl + stream.playbackUrl))).segments.length > 0,
        { what: 'segments', withinMs: 20_000 },
      );
    }
    return new Running(command, [http, rtmp], data, publisher, streamId);
  }

  /** The process below the command whose command line contains `part`. */
  find(part: string): number {
    const found = processTree(this.command.pid).find(({ command }) => command.includes(part));
    if (!found) throw new Error(`no process runs ${part}`);
    return found.pid;
  }

  /** Waits until nothing is left of it, and checks that it ended once and in order. */
  async expectGone(): Promise<void> {
    await until(() => this.pids.every((pid) => processTree(pid).length === 0), {
      what: `end of everything that ${this.command.name} started`,
      withinMs: GONE_WITHIN_MS,
    });
    await this.publisher?.ended;
    const log = this.command.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const told = log.filter(
      ({ message }) => message === 'stopping' || message === 'stopped' || message === 'session ended',
    );
    expect(told.map(({ message, reason }) => reason ?? message)).toEqual([
      'stopping',
      ...(this.streamId ? ['server_stopped'] : []),
      'stopped',
    ]);
    for (const port of this.ports) await takePort(port);
  }

  /** Starts the server on the same data and asks how the session ended. */
  async expectSessionStored(): Promise<void> {
    const server = await TestServer.start({ dataDir: this.data.path });
    try {
      const sessions = await server.api.sessions(this.streamId ?? '');
      expect(sessions.map(({ endReason }) => endReason)).toEqual(['server_stopped']);
    } finally {
      await server.stop();
    }
  }
}

const startWithNpm = async (
  test: TestContext,
  line: NpmLine,
  shell: string,
  options: Parameters<typeof Running.start>[3] = {},
) => Running.start(test, process.execPath, [await npmProgram(line), `--script-shell=${shell}`, 'start'], options);

/** Each start of the whole product takes its time: `SIGNALS=all` makes every pair, every run of the tests one of each kind. */
const all = process.env.SIGNALS === 'all';

// Side by side: most of their time they wait for programs that start and end.
describe.concurrent('npm start ends in order, with all that it started', () => {
  // Every signal with both lines of npm and with both shells.
  const usual = [
    [10, '/bin/dash', ['SIGTERM']],
    [11, '/bin/bash', ['SIGKILL']],
  ] as const;
  const every = [
    [10, '/bin/dash', ['SIGTERM', 'SIGKILL']],
    [10, '/bin/bash', ['SIGINT', 'SIGHUP']],
    [11, '/bin/dash', ['SIGINT', 'SIGHUP']],
    [11, '/bin/bash', ['SIGTERM', 'SIGKILL']],
  ] as const;
  for (const [line, shell, signals] of all ? every : usual) {
    for (const signal of signals) {
      it(`when npm ${line} with ${path.basename(shell)} gets ${signal}`, async (test) => {
        const running = await startWithNpm(test, line, shell);
        running.command.signal(signal);
        await running.expectGone();
        const { code } = await running.command.ended;
        // These two npm hears, and waits for what it started.
        if (signal === 'SIGTERM' || signal === 'SIGINT') expect(code).toBe(0);
        if (signal === 'SIGKILL') await running.expectSessionStored();
        await running.data.remove();
      });
    }
  }

  it('once, when Ctrl+C reaches npm and the script at the same time', async (test) => {
    const running = await startWithNpm(test, 11, '/bin/bash', { ownGroup: true });
    process.kill(-running.command.pid, 'SIGINT');
    await running.expectGone();
    expect((await running.command.ended).code).toBe(0);
    await running.data.remove();
  });

  it('when a signal reaches every process of it, as from a control group', async (test) => {
    const running = await startWithNpm(test, 11, '/bin/dash', { onAir: false });
    const children = new Set(
      processTree(running.find('main.js'))
        .slice(1)
        .map(({ pid }) => pid),
    );
    for (const pid of running.pids) if (!children.has(pid)) process.kill(pid, 'SIGTERM');
    await running.expectGone();
    await running.data.remove();
  });

  it('when the terminal is closed', async (test) => {
    // `script` holds the terminal; the kernel hangs up on its group when it is gone.
    const npm = `'${process.execPath}' '${await npmProgram(11)}' --script-shell=/bin/dash start`;
    const running = await Running.start(test, 'script', ['--quiet', '--flush', '--command', npm, '/dev/null'], {
      onAir: false,
    });
    running.command.signal('SIGKILL');
    await until(() => running.pids.every((pid) => processTree(pid).length === 0), {
      what: 'end of everything in the terminal',
      withinMs: GONE_WITHIN_MS,
    });
    for (const port of running.ports) await takePort(port);
    const again = await TestServer.start({ dataDir: running.data.path });
    await again.stop();
    await running.data.remove();
  });
});

describe.concurrent('what else can be started ends in order too', () => {
  const byHand = { npm_lifecycle_event: undefined };

  it('scripts/start.mjs, when it is killed', async (test) => {
    const running = await Running.start(test, process.execPath, ['scripts/start.mjs'], { env: byHand });
    running.command.signal('SIGKILL');
    await running.expectGone();
    await running.expectSessionStored();
    await running.data.remove();
  });

  it('scripts/start.mjs, when it is hung up on', async (test) => {
    const running = await Running.start(test, process.execPath, ['scripts/start.mjs'], { env: byHand });
    running.command.signal('SIGHUP');
    await running.expectGone();
    expect((await running.command.ended).code).toBe(0);
    await running.data.remove();
  });

  it('the built server, while it is starting: it does not finish first', async () => {
    const data = await makeTemporaryFolder('signals');
    const server = new Child('server', process.execPath, [SERVER_PROGRAM], {
      env: { ...process.env, PORT: '0', RTMP_PORT: '0', DATA_DIR: data.path, LOG_FORMAT: 'json' },
    });
    // The database is made, nothing listens yet.
    await until(() => processTree(server.pid).length > 0, { what: 'process', withinMs: 5000 });
    await until(() => existsSync(path.join(data.path, 'db.new')), {
      what: 'database in the making',
      withinMs: START_WITHIN_MS,
      everyMs: 5,
    });
    server.signal('SIGTERM');
    expect((await server.ended).code, server.tail()).toBe(0);
    expect(server.tail()).toContain('"stopped"');
    expect(['db', 'lock'].filter((name) => existsSync(path.join(data.path, name)))).toEqual([]);
    await data.remove();
  });

  for (const signal of all ? (['SIGTERM', 'SIGKILL'] as const) : (['SIGTERM'] as const)) {
    it(`npm run demo, at ${signal}`, async (test) => {
      const running = await Running.start(test, process.execPath, [await npmProgram(11), 'run', 'demo'], {
        onAir: false,
      });
      await running.command.line(/Publishing .* in a loop/, START_WITHIN_MS);
      running.command.signal(signal);
      await until(() => running.pids.every((pid) => processTree(pid).length === 0), {
        what: 'end of the demo',
        withinMs: GONE_WITHIN_MS,
      });
      for (const port of running.ports) await takePort(port);
      expect(running.command.tail()).toContain('"stopped"');
      await running.data.remove();
    });
  }

  it('npm run dev, when npm is killed', async (test) => {
    const running = await Running.start(test, process.execPath, [await npmProgram(11), 'run', 'dev'], {
      onAir: false,
      env: { DASHBOARD_PORT: String(await freePort()) },
    });
    running.command.signal('SIGKILL');
    await running.expectGone();
    await running.data.remove();
  });
});

/** @throws Error when somebody listens on the port. */
async function takePort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
