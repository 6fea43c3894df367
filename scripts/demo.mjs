/**
 * `npm run demo [-- FILE]`: something to see without an encoder. Uses the server that runs on the usual port, or starts
 * one; creates or reuses the stream "Demo"; publishes the bundled clip, or any file, in a loop through the RTMP port.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from './lib/build.mjs';
import { runForeground } from './lib/foreground.mjs';
import { lifetime } from './lib/lifetime.mjs';
import { serverProgram } from './lib/server-program.mjs';
import { at, main, Refusal } from './lib/workspace.mjs';

const STREAM_NAME = 'Demo';
const BASE_URL = `http://${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? '8080'}`;
/** A cold start of the embedded database takes seconds on a slow disk. */
const READY_WITHIN_MS = 60_000;
/** Between two tries to publish: the server may be on its way back up. */
const RETRY_MS = 2000;

await main(async () => {
  const [given, ...rest] = process.argv.slice(2);
  if (rest.length > 0) throw new Refusal('npm run demo takes at most one file');
  const file = given
    ? path.resolve(process.env.INIT_CWD ?? process.cwd(), given)
    : at('assets', 'demo', 'woman-dog-ball.mp4');
  if (!existsSync(file)) throw new Refusal(`There is no file ${file}`);
  if (process.env.PORT === '0')
    throw new Refusal('npm run demo needs to know the port: set PORT to another number than 0');
  await build();

  const stop = new AbortController();
  const unusable = new AbortController();
  const own = (await isServer()) ? null : runForeground([serverProgram()], unusable.signal);
  lifetime.onStop(() => stop.abort());
  // Without the server there is nothing left to publish to.
  own?.then(
    () => stop.abort(),
    () => stop.abort(),
  );
  const code = await publishForEver(file, stop.signal);
  // Without anything to publish, a server that was started for it ends too.
  if (code !== 0) unusable.abort();
  return code || (own ? await own : 0);
});

/**
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<number>} Exit code.
 */
async function publishForEver(file, signal) {
  try {
    await waitForServer(signal);
    const stream = await demoStream();
    console.log(`\nOpen ${BASE_URL}/streams/${stream.id}\n\nPublishing ${file} in a loop; Ctrl+C stops.\n`);
    while (!signal.aborted) {
      const end = await publishOnce(stream.ingestUrl, file, signal);
      if (signal.aborted) break;
      if (end.problem && !/^rtmp_|^stream_key_busy$/.test(end.problem.code))
        throw new Refusal(`The file cannot be published: ${describe(end.problem)}`);
      console.log(`The publisher was cut off${end.problem ? ` (${describe(end.problem)})` : ''}; trying again.`);
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    console.error(`\n${error instanceof Refusal ? error.message : error}`);
    return 1;
  }
}

/**
 * Runs the loop publisher until it ends.
 * @param {string} url
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<{ problem: { code: string, details: Record<string, unknown> } | null }>}
 */
function publishOnce(url, file, signal) {
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl+C must reach it through here alone, so that it can end the publish in good order.
    const child = fork(at('packages', 'media', 'dist', 'process', 'loop-publisher.js'), {
      serialization: 'advanced',
      detached: true,
    });
    /** @type {{ code: string, details: Record<string, unknown> } | null} */
    let problem = null;
    const end = () => child.connected && child.send({ type: 'stop' });
    signal.addEventListener('abort', end, { once: true });
    child.on('message', (/** @type {any} */ message) => {
      if (message.type === 'ready') child.send({ type: 'publish', url, file });
      if (message.type === 'publishing' && message.transcoded)
        console.log('The codecs of this file cannot be carried as they are: transcoding.');
      if (message.type === 'problem') problem = message;
    });
    child.once('error', reject);
    child.once('exit', () => {
      signal.removeEventListener('abort', end);
      resolve({ problem });
    });
  });
}

/** The stream named Demo: an existing one is used again. @returns {Promise<{ id: string, ingestUrl: string }>} */
async function demoStream() {
  const { items } = await call('/api/streams?limit=1000');
  return (
    items.find((/** @type {{ name: string }} */ stream) => stream.name === STREAM_NAME) ??
    (await call('/api/streams', { name: STREAM_NAME }))
  );
}

/** @param {string} where @param {unknown} [body] */
async function call(where, body) {
  const response = await fetch(BASE_URL + where, {
    signal: AbortSignal.timeout(10_000),
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Refusal(`${where} was answered with ${response.status}: ${answer.error?.message ?? 'no reason given'}`);
  return answer;
}

/** Whether a Media Analyzer answers on the port. @throws {Refusal} when something else does. */
async function isServer() {
  try {
    const status = await call('/api/system');
    if (typeof status.rtmp?.port === 'number') return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
  }
  throw new Refusal(`Something else answers at ${BASE_URL}; set PORT to a free port`);
}

/** @param {AbortSignal} signal */
async function waitForServer(signal) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const ready = await fetch(`${BASE_URL}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) return;
    if (Date.now() > deadline)
      throw new Refusal(`The server at ${BASE_URL} was not ready within ${READY_WITHIN_MS / 1000} s`);
    await delay(100, undefined, { signal });
  }
}

/** @param {{ code: string, details: Record<string, unknown> }} problem */
function describe({ code, details }) {
  return [code, details.problem ?? details.what].filter(Boolean).join(': ');
}
