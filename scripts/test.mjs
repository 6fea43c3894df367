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
    // Once more at the end: whoever reads a log that was cut at the front still learns what failed and where time went.
    for (const part of /** @type {const} */ (['slowest', 'again', 'failures']))
      for (const line of suites.flatMap((suite) => suite[part])) console.log(line);
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
  if (!result)
    return {
      code,
      passed: 0,
      failed: code === 0 ? 0 : 1,
      slowest: [],
      again: [],
      failures: [`FAILED ${report} was not written`],
    };

  /** @type {FileResult[]} */
  const files = result.testResults;
  const brokenFiles = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failures = [
    ...brokenFiles.map((file) => told('FAILED', file, '(the file itself)', file.message)),
    ...files.flatMap((file) =>
      file.assertionResults
        .filter((test) => test.status === 'failed')
        .map((test) => told('FAILED', file, test.fullName, test.failureMessages.join('\n'))),
    ),
  ];
  // A second try is for what real programs on a busy machine do once in a hundred times. It is told, never hidden.
  const again = files.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
      .map((test) => told('PASSED AT THE SECOND TRY', file, test.fullName, test.failureMessages.join('\n'))),
  );
  const slowest = files
    .map((file) => ({ file, seconds: (file.endTime - file.startTime) / 1000 }))
    .filter(({ seconds }) => seconds >= 20)
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ file, seconds }) => `${seconds.toFixed(0).padStart(5)} s  ${relative(file.name)}`);
  return {
    code,
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenFiles.length,
    slowest,
    again,
    failures,
  };
}

/**
 * @param {string} outcome
 * @param {FileResult} file
 * @param {string} name
 * @param {string} message
 */
function told(outcome, file, name, message) {
  const head = message.split('\n').slice(0, 16).join('\n         ');
  return `${outcome} ${relative(file.name)} > ${name}\n         ${head}`;
}

/** @param {string} file */
function relative(file) {
  return path.relative(at(), file);
}

/**
 * What this reads of vitest's JSON report; times in milliseconds.
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} TestResult
 * @typedef {{ name: string, status: string, message: string, startTime: number, endTime: number, assertionResults: TestResult[] }} FileResult
 */
