import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const workspace = fileURLToPath(new URL('workspace.mjs', import.meta.url));
/** A command with one step, an install or a build, that takes for ever and prints its process id. */
const command = `
  import { main, run } from ${JSON.stringify(workspace)};
  await main(async () => {
    await run(process.execPath, ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)']);
    console.log('the next step');
  });
`;
/** A script runner that starts it as npm does, and is no help with signals. */
const runner = `
  import { spawn } from 'node:child_process';
  const env = { ...process.env, npm_lifecycle_event: 'start' };
  spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(command)}], { env, stdio: 'inherit' });
`;

/** @type {import('node:child_process').ChildProcess[]} */
const started = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** @param {string} program */
async function start(program) {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  /** @type {string[]} */
  const lines = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => lines.push(line));
  const [pid] = await once(output, 'line');
  // The output ends when everybody who holds it has ended.
  return { child, lines, step: Number(pid), silent: once(output, 'close') };
}

for (const [signal, code] of /** @type {const} */ ([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
])) {
  it(`a step that runs ends with ${signal}, and the command with it`, async () => {
    const { child, lines, step, silent } = await start(command);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([code, null]);
    await silent;
    expect(() => process.kill(step, 0)).toThrow('ESRCH');
    expect(lines).toHaveLength(1);
  });
}

it('a command ends when the script runner that started it is killed', async () => {
  const { child, lines, step, silent } = await start(runner);
  child.kill('SIGKILL');
  await silent;
  expect(() => process.kill(step, 0)).toThrow('ESRCH');
  expect(lines).toHaveLength(1);
});
