import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { makeDataFolder } from './harness/paths.js';
import { TestServer } from './harness/server.js';
import { sharedBrowser, showLogOnFailure } from './harness/suite.js';
import type { Scene } from './matrix/acts.js';
import { CHANGES, type Change } from './matrix/changes.js';
import { makeClips } from './matrix/clips.js';
import { LoopEncoder } from './matrix/encoder.js';
import { expectBack, settle } from './matrix/expectations.js';
import { JOININGS, type Joining } from './matrix/joinings.js';
import { forAll, note, Stopwatch } from './matrix/report.js';
import { type Shown, Viewer, type ViewerKind } from './matrix/viewer.js';

/** Everybody sees the same change at the same time. */
const VIEWERS: readonly ViewerKind[] = ['watching', 'paused', 'in the past', 'in a hidden tab'];
/** `npm run test:matrix` makes all changes; every run of the tests a selection that meets each way to recover. */
const changes = process.env.MATRIX === 'all' ? CHANGES : CHANGES.filter(({ usual }) => usual);
const only = process.env.MATRIX_ONLY;
/** Which part of them this run makes (`1/2`), where several share them. */
const [share = 1, shares = 1] = (process.env.MATRIX_SHARE ?? '').split('/').filter(Boolean).map(Number);
/** Where the question is how often one fails, none has a second try. */
const tries = process.env.MATRIX === 'all' ? { retry: 0 } : {};

// What emulates a graphics card takes a third more of the processor than drawing without one.
const browser = sharedBrowser(['--disable-gpu']);
let server: TestServer;
/** Variables that the server was started with, apart from the usual ones. */
let environment: Change['env'];
let data: Awaited<ReturnType<typeof makeDataFolder>>;
/** Browsers of their own for each, which keep what they have loaded of the dashboard. */
let viewers: readonly Viewer[];

const start = (ports: { httpPort?: number; rtmpPort?: number } = {}, env: Change['env'] = {}): Promise<TestServer> =>
  TestServer.start({
    dataDir: data.path,
    ...ports,
    env: {
      // Long enough for a restart of an encoder on a busy machine, short enough to wait for its end.
      RECONNECT_WINDOW_MS: '6000',
      // One analysis a second keeps both processes at work without taking the pages' share of the machine.
      ANALYSIS_RATE: '1',
      ...env,
    },
  });

beforeAll(async () => {
  data = await makeDataFolder('matrix');
  if (process.env.MATRIX === 'all') await makeClips();
  server = await start();
  viewers = await Promise.all(VIEWERS.map((kind) => Viewer.open(browser(), kind)));
});
afterAll(async () => {
  await Promise.all((viewers ?? []).map((viewer) => viewer.close()));
  await server?.stop();
  await data?.remove();
});

const wanted = (name: string): boolean => !only || new RegExp(only).test(name);

const all = [...changes, ...(process.env.MATRIX === 'all' ? JOININGS : [])].filter(({ name }) => wanted(name));
const ours = new Set<Change | Joining>(all.filter((_one, index) => index % shares === share - 1));
const chosen = changes.filter((change) => ours.has(change));
const joinings = JOININGS.filter((joining) => ours.has(joining));

// An empty suite is a failure to vitest.
if (chosen.length > 0)
  describe('whoever watches keeps watching when', tries, () => {
    for (const change of chosen) it(change.name, () => play(change));
  });

if (joinings.length > 0)
  describe('whoever comes watches', tries, () => {
    for (const joining of joinings) it(joining.name, () => join(joining));
  });

async function join({ name, before, comeAfterMs, words, setTo }: Joining): Promise<void> {
  showLogOnFailure(server);
  const time = new Stopwatch();
  let passed = false;
  let encoder: LoopEncoder | null = null;
  const { id, ingestUrl } = await server.api.createStream({ name });
  const come = () => forAll(viewers, (viewer) => viewer.watch(server.baseUrl, id));
  try {
    if (comeAfterMs === null) {
      await come();
      await forAll(viewers, (viewer) => viewer.sees(/Nobody is publishing/, 20_000));
    }
    encoder = await LoopEncoder.start(ingestUrl, before);
    if (comeAfterMs !== null) {
      await delay(comeAfterMs);
      await come();
    }
    time.lap('there');
    if (words) await forAll(viewers, (viewer) => viewer.sees(words, 15_000));
    if (setTo) {
      await encoder.stop();
      encoder = await LoopEncoder.start(ingestUrl, setTo);
    }
    await forAll(viewers, async (viewer) => void (await viewer.plays(2, 30_000)));
    time.lap('all watch');
    passed = true;
  } finally {
    await note({ name, passed, time, standMs: 0 });
    await encoder?.stop();
    await Promise.all(viewers.map((viewer) => viewer.leave({ broken: !passed })));
  }
}

async function play(change: Change): Promise<void> {
  const time = new Stopwatch();
  let passed = false;
  let standMs = 0;
  const restart = async (): Promise<void> => {
    const { httpPort, rtmpPort } = server;
    await server.kill();
    server = await start({ httpPort, rtmpPort }, change.env);
    environment = change.env;
  };
  if (change.env !== environment) await restart();
  showLogOnFailure(server);
  const stream = await server.api.createStream({ name: change.name });
  const scene: Scene = {
    streamId: stream.id,
    ingestUrl: stream.ingestUrl,
    viewers,
    encoder: await LoopEncoder.start(stream.ingestUrl, change.before),
    get server() {
      return server;
    },
    restartServer: restart,
  };
  try {
    const soundOnly = change.before.kinds?.includes('video') === false;
    const before = new Map<Viewer, Shown>();
    await forAll(viewers, async (viewer) => {
      await viewer.watch(server.baseUrl, stream.id);
      before.set(viewer, await settle(viewer, { soundOnly }));
    });
    time.lap('all watch');
    await viewers[0]!.watchStands();
    await change.happen(scene);
    const happenedAt = Date.now();
    const { outcome } = change;
    time.lap('it happens');
    const last = await forAll(viewers, (viewer) =>
      expectBack(viewer, { before: before.get(viewer)!, outcome, happenedAt }),
    );
    time.lap(`all are back, last who is ${last}, after`);
    standMs = await viewers[0]!.longestStandMs();
    passed = true;
  } finally {
    await note({ name: change.name, passed, time, standMs });
    await scene.encoder.stop();
    await Promise.all(viewers.map((viewer) => viewer.leave({ broken: !passed })));
  }
}
