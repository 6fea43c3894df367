/**
 * `npm run test:obs`: the real OBS Studio publishes a real clip to the real server; a real browser plays it. Prints what
 * was seen; ends with 1 when playback or detections were not.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { percentile } from '../bench/statistics.js';
import { openBrowser, openPage, playbackState, playsFor } from '../harness/browser.js';
import { Child } from '../harness/child.js';
import { LiveClient } from '../harness/live-client.js';
import { DEMO_CLIP, REPOSITORY } from '../harness/paths.js';
import { findProgram } from '../harness/programs.js';
import { TestServer } from '../harness/server.js';

/** OBS needs up to 20 s to start on two busy cores without a GPU; the rest is for looking. */
const OBS_SECONDS = 90;
const PUBLISHED_WITHIN_MS = 45_000;

const say = (text: string): void => console.log(`  ${text}`);

for (const program of ['obs', 'xvfb-run', 'chromium'] as const) {
  try {
    findProgram(program);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

const server = await TestServer.start();
const browser = await openBrowser();
const stream = await server.api.createStream({ name: 'OBS Studio' });
const client = await LiveClient.subscribe(server.baseUrl, stream.id);
const obs = new Child(
  'OBS',
  path.join(REPOSITORY, 'e2e/obs/publish.sh'),
  [stream.ingestServer, process.env.OBS_CLIP ?? DEMO_CLIP, String(OBS_SECONDS)],
  { stdio: ['pipe', 'pipe', 'pipe'] },
);
obs.stdin.end(`${stream.streamKey}\n`);

try {
  console.log('OBS publishes:');
  const live = await server.api.inState(stream.id, 'live', PUBLISHED_WITHIN_MS);
  const { session } = live;
  say(`encoder   ${session?.publisher?.encoder ?? 'unknown'}`);
  say(`video     ${session?.video?.codecString} ${session?.video?.width}x${session?.video?.height}`);
  say(`audio     ${session?.audio?.codecString} ${session?.audio?.sampleRate} Hz`);

  const { page, errors } = await openPage(browser, `${server.baseUrl}/streams/${stream.id}`);
  await playsFor(page, 10, 60_000);
  const playback = await playbackState(page);
  const health = await server.api.health(stream.id);
  console.log('The browser plays:');
  say(
    `picture   ${playback?.width}x${playback?.height}, at ${playback?.currentTime.toFixed(1)} s, ${playback?.droppedFrames} of ${playback?.totalFrames} frames dropped`,
  );
  say(
    `health    ${health.measuredFrameRate?.toFixed(1)} fps, ${(health.bitrate / 1000).toFixed(0)} kbit/s, keyframe every ${health.keyframeIntervalMs} ms`,
  );
  const screenshot = path.join(REPOSITORY, 'e2e/out/obs.png');
  await mkdir(path.dirname(screenshot), { recursive: true });
  await page.screenshot({ path: screenshot });
  say(`see       ${path.relative(process.cwd(), screenshot)}`);

  const analyses = client.of('analysis');
  const counts = new Map<string, number>();
  for (const { label } of analyses.flatMap(({ detections }) => detections))
    counts.set(label, (counts.get(label) ?? 0) + 1);
  const latency = analyses.map(({ receivedAt, capturedAt }) => receivedAt - capturedAt);
  console.log('The models see:');
  say(
    `analyses  ${analyses.length}, capture to WebSocket p50 ${percentile(latency, 0.5).toFixed(0)} ms, p95 ${percentile(latency, 0.95).toFixed(0)} ms`,
  );
  for (const [label, count] of [...counts].sort((a, b) => b[1] - a[1])) say(`${label.padEnd(14)} ${count}`);

  if (playback?.error) throw new Error(`the video element reports ${playback.error}`);
  if (counts.size === 0) throw new Error('nothing was detected');
  if (errors.length > 0) throw new Error(`the page reported: ${errors.join('; ')}`);
  console.log('\nOBS, playback and detections: passed');
} catch (error) {
  console.error(`\nfailed: ${error instanceof Error ? error.message : String(error)}`);
  console.error(`--- OBS ---\n${obs.tail()}\n--- server ---\n${server.child.tail()}`);
  process.exitCode = 1;
} finally {
  client.close();
  await browser.close();
  await obs.stop();
  await server.stop();
}
