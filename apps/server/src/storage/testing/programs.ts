import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import type { TestDatabase } from './databases.js';

/** Writes segments and analyses in a child, kills it after `count` were confirmed, and returns the confirmed numbers. */
export async function writeUntilKilled(
  place: TestDatabase,
  ids: { streamId: string; sessionId: string },
  count: number,
): Promise<readonly number[]> {
  const child = startProgram(`
    const database = await openDatabase({ url: ${JSON.stringify(place.url)}, dataDir: ${JSON.stringify(place.dataDir)}, log });
    const segments = new SegmentRepository(database), analyses = new AnalysisRepository(database);
    const ids = ${JSON.stringify(ids)};
    const detections = Array.from({ length: 8 }, () => makeDetection());
    for (let number = 0; ; number++) {
      await segments.add(makeSegment(ids.sessionId, number));
      await analyses.append([0, 1, 2, 3, 4].map((part) => makeAnalysis(ids, number * 2000 + part * 100, { detections })));
      console.log(number);
    }`);
  const confirmed: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    confirmed.push(Number(line));
    if (confirmed.length === count) child.kill('SIGKILL');
  }
  expect(confirmed.length).toBeGreaterThanOrEqual(count);
  return confirmed;
}

/** Runs a piece of a module in a child, with the storage at hand. */
export function startProgram(body: string): ChildProcess {
  const from = (name: string, file: string) =>
    `import { ${name} } from ${JSON.stringify(new URL(file, import.meta.url).href)};`;
  const program = [
    from('openDatabase', '../database.ts'),
    from('SegmentRepository', '../segment-repository.ts'),
    from('AnalysisRepository', '../analysis-repository.ts'),
    from('silentLog as log', '../../log.ts'),
    from('makeSegment, makeAnalysis, makeDetection', './samples.ts'),
    body,
  ].join('\n');
  const flags = ['--conditions=source', '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program];
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
}

export async function killProgram(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}
