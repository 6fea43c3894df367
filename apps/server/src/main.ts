import process from 'node:process';
import { CodedError, describeError } from '@media-analyzer/protocol';
import { readConfig } from './config/index.js';
import { createLogger, type Logger } from './log.js';
import { runAll } from './roles/all.js';

/** A stop that takes longer than this is not one, ms. */
const STOP_DEADLINE_MS = 20_000;

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
  try {
    const config = readConfig(process.argv.slice(2));
    log = createLogger(config.log);
    const server = await runAll(config, log);
    process.stdout.write(
      `\n  Media Analyzer is ready\n  Dashboard   ${server.httpUrl}\n  Publish to  ${server.rtmpUrl}/live\n\n`,
    );
    stopOnSignal(server, log);
  } catch (error) {
    reportAndExit(error, log);
  }
}

function stopOnSignal(server: { close(): Promise<void> }, log: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      // A second Ctrl+C: the person does not want to wait.
      process.exit(130);
    }
    stopping = true;
    log.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      log.error({ deadlineMs: STOP_DEADLINE_MS }, 'the stop takes too long; leaving');
      process.exit(1);
    }, STOP_DEADLINE_MS);
    server.close().then(
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

await main();
