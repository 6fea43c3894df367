import process from 'node:process';
import { CodedError, describeError } from '@media-analyzer/protocol';
import { readConfig } from './config/index.js';
import { createLogger, type Logger } from './log.js';
import { runAll } from './roles/all.js';

/** A stop that takes longer than this is not one, ms. */
const STOP_DEADLINE_MS = 20_000;
/**
 * One wish to stop may arrive on several ways: a terminal signals a whole group, systemd a whole control group, and
 * `npm start` passes on what it gets. Within this time they are one, ms.
 */
const SAME_WISH_MS = 1000;

/** One clear line for what a person can mend; the stack for what is a fault of ours. */
function reportAndExit(error: unknown, log: Logger | null): never {
  if (error instanceof CodedError) process.stderr.write(`media-analyzer: ${error.message} [${error.code}]\n`);
  else
    process.stderr.write(
      `media-analyzer: ${error instanceof Error ? (error.stack ?? error.message) : describeError(error)}\n`,
    );
  log?.debug({ err: error }, 'the server did not start');
  process.exit(1);
}

async function main(): Promise<void> {
  let log: Logger | null = null;
  const starting = new AbortController();
  try {
    const config = readConfig(process.argv.slice(2));
    log = createLogger(config.log);
    const running = runAll(config, log, starting.signal);
    // From here on, and not from when it runs: a start takes seconds, and what it began has to be ended in order too.
    stopOnSignal(running, starting, log);
    const server = await running;
    process.stdout.write(
      `\n  Media Analyzer is ready\n  Dashboard   ${server.httpUrl}\n  Publish to  ${server.rtmpUrl}/live\n\n`,
    );
  } catch (error) {
    // A start that was broken off is told by who broke it off.
    if (!starting.signal.aborted) reportAndExit(error, log);
  }
}

/** @param starting breaks the start of `running` off, which then closes what it had opened and rejects with the reason */
function stopOnSignal(running: Promise<{ close(): Promise<void> }>, starting: AbortController, log: Logger): void {
  let stoppingSince: number | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince < SAME_WISH_MS) return;
      // A second Ctrl+C: the person does not want to wait.
      process.exit(130);
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      log.error({ deadlineMs: STOP_DEADLINE_MS }, 'the stop takes too long; leaving');
      process.exit(1);
    }, STOP_DEADLINE_MS);
    starting.abort();
    running
      .then(
        (server) => server.close(),
        (error: unknown) => {
          if (error !== starting.signal.reason) throw error;
        },
      )
      .then(
        () => {
          clearTimeout(deadline);
          log.info({}, 'stopped');
          process.exit(0);
        },
        (error: unknown) => reportAndExit(error, log),
      );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

// Whoever read the output may be gone before us (a closed terminal, the other end of a pipe): no reason to stop serving.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
await main();
