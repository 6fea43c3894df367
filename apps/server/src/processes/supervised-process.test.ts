import type { CodedError, ProcessState } from '@media-analyzer/protocol';
import type { ChildMessage, ParentMessage } from '@media-analyzer/protocol/process';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { resolveChildEntry } from './child-entry.js';
import { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from './process-limits.js';
import { SupervisedProcess } from './supervised-process.js';

type In =
  | ParentMessage
  | { readonly type: 'echo'; readonly text: string; readonly bytes?: Uint8Array }
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'grow'; readonly bytes: number }
  | { readonly type: 'hang' | 'log' | 'print' };
type Echo = { readonly type: 'echo'; readonly text: string; readonly env: string[]; readonly bytes?: Uint8Array };
type Out = ChildMessage | Echo;

const WAIT = { timeout: 20_000, interval: 5 };
const started: SupervisedProcess<In, Out>[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

function supervise(program: string, limits: Partial<ProcessLimits> = {}) {
  const states: ProcessState[] = [];
  const problems: CodedError[] = [];
  const echoes: Echo[] = [];
  const logs: { level: string; text: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log = (level: string) => (fields: Readonly<Record<string, unknown>>, text: string) =>
    void logs.push({ level, text, fields });
  let ready = 0;
  const child = new SupervisedProcess<In, Out>({
    name: 'test',
    entry: resolveChildEntry(new URL(`./fixtures/${program}`, import.meta.url).href),
    limits: { ...DEFAULT_PROCESS_LIMITS, restartMinMs: 10, restartMaxMs: 40, ...limits },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onReady: () => {
      ready += 1;
    },
    onMessage: (message) => void echoes.push(message),
    onState: (state, problem) => {
      states.push(state);
      if (problem) problems.push(problem);
    },
  });
  started.push(child);
  return { child, states, problems, echoes, logs, ready: () => ready };
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('messages pass both ways, bytes stay bytes, and the environment of the server stays with it', async () => {
  const { child, states, echoes } = supervise('child.mjs');
  expect(child.send({ type: 'echo', text: 'too early' })).toBe(false);
  child.start();
  await vi.waitUntil(() => child.state === 'running', WAIT);
  expect(child.send({ type: 'echo', text: 'hello', bytes: Uint8Array.of(1, 2, 255) })).toBe(true);
  await vi.waitUntil(() => echoes.length === 1, WAIT);
  expect(echoes[0]).toMatchObject({ text: 'hello', bytes: Uint8Array.of(1, 2, 255) });
  expect(echoes[0]!.env).not.toContain('PATH');
  expect(states).toEqual(['starting', 'running']);
});

test('the child’s log lines and prints go to the log with its fields', async () => {
  const { child, logs } = supervise('child.mjs');
  child.start();
  await vi.waitUntil(() => child.state === 'running', WAIT);
  child.send({ type: 'log' });
  child.send({ type: 'print' });
  await vi.waitUntil(() => logs.length >= 2, WAIT);
  expect(logs).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      text: 'from the child',
      fields: { process: 'test', pid: child.pid, sessionId: 's1' },
    }),
  );
  expect(logs).toContainEqual(expect.objectContaining({ level: 'debug', text: 'native noise' }));
});

describe('a child that ends is started anew and gets ready again', () => {
  test('after SIGKILL', async () => {
    const { child, states, problems, ready } = supervise('child.mjs');
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    const first = child.pid!;
    process.kill(first, 'SIGKILL');
    await vi.waitUntil(() => ready() === 2, WAIT);
    expect(child.pid).not.toBe(first);
    expect(states).toEqual(['starting', 'running', 'restarting', 'starting', 'running']);
    expect(problems[0]).toMatchObject({ code: 'process_exited', details: { process: 'test', how: 'signal SIGKILL' } });
  });

  test('after an exit with a code', async () => {
    const { child, problems, ready } = supervise('child.mjs');
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    child.send({ type: 'exit', code: 3 });
    await vi.waitUntil(() => ready() === 2, WAIT);
    expect(problems[0]).toMatchObject({ code: 'process_exited', details: { how: 'exit code 3' } });
  });

  test('after it hung and was killed', async () => {
    const { child, problems, ready } = supervise('child.mjs', { heartbeatMs: 50, unresponsiveMs: 500 });
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    const first = child.pid!;
    child.send({ type: 'hang' });
    await vi.waitUntil(() => ready() === 2, WAIT);
    expect(alive(first)).toBe(false);
    expect(problems[0]).toMatchObject({ code: 'process_unresponsive', details: { limitMs: 500 } });
  });

  test('after it used more memory than it may', async () => {
    const { child, problems, ready } = supervise('child.mjs', { heartbeatMs: 20, memoryBytes: 100_000_000 });
    child.start();
    await vi.waitUntil(() => ready() === 1 && child.residentBytes === 50_000_000, WAIT);
    child.send({ type: 'grow', bytes: 100_000_001 });
    await vi.waitUntil(() => ready() === 2, WAIT);
    expect(problems[0]).toMatchObject({
      code: 'process_memory_exceeded',
      details: { usedBytes: 100_000_001, limitBytes: 100_000_000 },
    });
  });
});

test('a child that never gets ready is killed at the deadline', async () => {
  const { child, problems } = supervise('silent.mjs', { startTimeoutMs: 300 });
  child.start();
  const first = child.pid!;
  await vi.waitUntil(() => problems.length > 0, WAIT);
  expect(problems[0]).toMatchObject({ code: 'process_start_timeout', details: { process: 'test', limitMs: 300 } });
  expect(alive(first)).toBe(false);
});

test('one that keeps failing is called failed, and goes on being tried', async () => {
  const { child, states, problems } = supervise('broken.mjs', { faultsUntilFailed: 2 });
  child.start();
  await vi.waitUntil(() => problems.length >= 4, WAIT);
  expect(states.slice(0, 7)).toEqual([
    'starting',
    'restarting',
    'starting',
    'failed',
    'starting',
    'failed',
    'starting',
  ]);
  expect(problems[0]).toMatchObject({ code: 'process_exited', details: { how: 'exit code 7' } });
});

test('a program that does not exist is a fault like any other', async () => {
  const { child, problems } = supervise('missing.mjs');
  child.start();
  await vi.waitUntil(() => problems.length > 0, WAIT);
  expect(problems[0]!.code).toBe('process_exited');
});

describe('stopping', () => {
  test('asks, and no restart follows', async () => {
    const { child, states, ready } = supervise('child.mjs');
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    const pid = child.pid!;
    await child.stop();
    expect(alive(pid)).toBe(false);
    expect(states).toEqual(['starting', 'running', 'stopped']);
    expect(child.send({ type: 'echo', text: 'gone' })).toBe(false);
  });

  test('kills one that does not listen', async () => {
    const { child, ready } = supervise('stubborn.mjs', { stopTimeoutMs: 100 });
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    const pid = child.pid!;
    await child.stop();
    expect(alive(pid)).toBe(false);
  });

  test('ends the wait for a restart', async () => {
    const { child, states } = supervise('broken.mjs', { restartMinMs: 60_000, restartMaxMs: 60_000 });
    child.start();
    await vi.waitUntil(() => child.state === 'restarting', WAIT);
    await child.stop();
    expect(states).toEqual(['starting', 'restarting', 'stopped']);
  });

  test('lets it be started again', async () => {
    const { child, ready } = supervise('child.mjs');
    child.start();
    await vi.waitUntil(() => ready() === 1, WAIT);
    await child.stop();
    child.start();
    await vi.waitUntil(() => ready() === 2, WAIT);
  });
});

test('no more messages wait for a hanging child than the limit says', async () => {
  const { child, ready } = supervise('child.mjs', { maxPendingMessages: 20, unresponsiveMs: 60_000 });
  child.start();
  await vi.waitUntil(() => ready() === 1, WAIT);
  child.send({ type: 'hang' });
  const bytes = new Uint8Array(100_000);
  const taken = Array.from({ length: 50 }, () => child.send({ type: 'echo', text: '', bytes })).filter(Boolean);
  expect(taken.length).toBeLessThan(50);
  expect(taken.length).toBeGreaterThanOrEqual(19);
  process.kill(child.pid!, 'SIGKILL');
});
