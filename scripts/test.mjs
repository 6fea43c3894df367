/**
 * `npm test`: installs and builds what the tests need, runs all of them, prints `N passed, N failed`. With arguments it
 * runs vitest alone with them (`npm test -- --project media rtmp`).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { build } from './lib/build.mjs';
import { at, main, runBin } from './lib/workspace.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  await build({ e2e: true });
  if (args.length > 0) return await runBin('vitest', ['run', ...args]);

  const reports = await mkdtemp(path.join(os.tmpdir(), 'media-analyzer-tests-'));
  try {
    const suites = [
      await runSuite(path.join(reports, 'all.json'), (report) =>
        runBin('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]),
      ),
      await runSuite(path.join(reports, 'dashboard.json'), (report) =>
        runBin('ng', ['test', '--watch=false', '--reporters=default', '--reporters=json', `--output-file=${report}`], {
          cwd: at('apps', 'dashboard'),
          env: { NG_CLI_ANALYTICS: 'false' },
        }),
      ),
    ];
    const sum = (/** @type {'passed' | 'failed'} */ key) => suites.reduce((total, suite) => total + suite[key], 0);
    console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
    return suites.some((suite) => suite.code !== 0 || suite.failed > 0) ? 1 : 0;
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
});

/**
 * @param {string} report Where the suite writes vitest's JSON report.
 * @param {(report: string) => Promise<number>} start
 */
async function runSuite(report, start) {
  const code = await start(report);
  const result = await readFile(report, 'utf8').then(JSON.parse, () => null);
  // Without a report the suite did not get as far as its tests (a file that does not compile): that is a failure too.
  if (!result) return { code, passed: 0, failed: code === 0 ? 0 : 1 };
  const brokenFiles = result.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === 'failed' && file.assertionResults.length === 0,
  );
  return { code, passed: result.numPassedTests, failed: result.numFailedTests + brokenFiles.length };
}
