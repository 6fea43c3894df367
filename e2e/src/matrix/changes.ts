import { damage, killProcess, nextSession, offline, pause, refuse, restartEncoder, type Scene, sleep } from './acts.js';
import { LoopEncoder, type Programme } from './encoder.js';
import type { Outcome } from './expectations.js';

/** One thing that happens while people watch. */
export interface Change {
  readonly name: string;
  /** What is on air before. */
  readonly before: Programme;
  readonly outcome: Outcome;
  /** Among those that every run of the tests makes; the others belong to the full matrix. */
  readonly usual?: boolean;
  /** Variables of the server that are other than usual. */
  readonly env?: Readonly<Record<string, string>>;
  happen(scene: Scene): Promise<void>;
}

const BASE: Programme = { clip: 'base' };
const PICTURE_ONLY: Programme = { clip: 'base', kinds: ['video'] };
const SOUND_ONLY: Programme = { clip: 'base', kinds: ['audio'] };
/** Everything that happens while people watch. */
export const CHANGES: readonly Change[] = [
  {
    name: 'the sound goes, with a restart of the encoder',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: (scene) => restartEncoder(scene, PICTURE_ONLY),
  },
  {
    name: 'the sound comes, with a restart of the encoder',
    before: PICTURE_ONLY,
    outcome: { withinMs: 20_000 },
    usual: true,
    happen: (scene) => restartEncoder(scene, BASE),
  },
  {
    name: 'the encoder comes back, and its sound moments after its picture',
    before: PICTURE_ONLY,
    outcome: { withinMs: 20_000 },
    happen: async (scene) => {
      await restartEncoder(scene, PICTURE_ONLY);
      // Later than the server waits for a second track, and so soon that one part or two have only the picture.
      await pause(650);
      await scene.encoder.send(BASE);
    },
  },
  {
    name: 'the sound comes late, in one connection',
    before: PICTURE_ONLY,
    outcome: { withinMs: 20_000 },
    happen: ({ encoder }) => encoder.send(BASE),
  },
  {
    name: 'the picture comes late, in one connection',
    before: SOUND_ONLY,
    outcome: { withinMs: 25_000 },
    happen: ({ encoder }) => encoder.send(BASE),
  },
  {
    name: 'the picture stops for a while',
    before: BASE,
    outcome: { withinMs: 25_000, goneMs: 8000 },
    happen: async ({ encoder }) => {
      await encoder.send(SOUND_ONLY);
      await pause(8000);
      await encoder.send(BASE);
    },
  },
  {
    name: 'the sound stops for a while',
    before: BASE,
    outcome: { withinMs: 25_000, goneMs: 10_000 },
    happen: async ({ encoder }) => {
      await encoder.send(PICTURE_ONLY);
      await pause(5000);
      await encoder.send(BASE);
    },
  },
  {
    name: 'another size, announced',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: ({ encoder }) => encoder.send({ clip: 'tall' }),
  },
  {
    name: 'another size, in the bitstream only',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: ({ encoder }) => encoder.send({ clip: 'tallInBand', announced: false }),
  },
  {
    name: 'another profile and another sound',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: ({ encoder }) => encoder.send({ clip: 'main' }),
  },
  {
    name: 'another codec, with a restart of the encoder',
    before: BASE,
    outcome: { withinMs: 25_000 },
    happen: (scene) => restartEncoder(scene, { clip: 'av1' }),
  },
  {
    name: 'a codec that the browser may not play, and the right one again',
    before: BASE,
    outcome: { withinMs: 25_000, goneMs: 6000 },
    happen: async (scene) => {
      await restartEncoder(scene, { clip: 'hevc' });
      await pause(4000);
      await restartEncoder(scene, BASE);
    },
  },
  {
    name: 'the encoder is restarted',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: (scene) => restartEncoder(scene, BASE),
  },
  {
    name: 'the encoder is restarted with other parameters',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: (scene) => restartEncoder(scene, { clip: 'main' }),
  },
  {
    name: 'the encoder is back when its session is over',
    before: BASE,
    outcome: { withinMs: 30_000, newSession: true },
    usual: true,
    happen: (scene) => nextSession(scene, BASE),
  },
  {
    name: 'the encoder is back with another codec when its session is over',
    before: BASE,
    outcome: { withinMs: 40_000, newSession: true },
    happen: (scene) => nextSession(scene, { clip: 'av1' }),
  },
  {
    name: 'the server is killed and started again',
    before: BASE,
    outcome: { withinMs: 60_000, newSession: true, lostMs: 4500 },
    happen: async (scene) => {
      await scene.restartServer();
      scene.encoder.vanish();
      scene.encoder = await LoopEncoder.start(scene.ingestUrl, BASE);
    },
  },
  {
    name: 'the browser’s decoder fails',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 3000 },
    usual: true,
    happen: (scene) => damage(scene, 2),
  },
  {
    name: 'the network is gone for 5 s',
    before: BASE,
    outcome: { withinMs: 30_000, goneMs: 5000 },
    happen: (scene) => offline(scene, 5000),
  },
  {
    name: 'the network is gone for 20 s',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 20_000 },
    happen: (scene) => offline(scene, 20_000),
  },
  {
    name: 'the media process is killed',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: (scene) => killProcess(scene, 'packages/media/dist/process/main.js'),
  },
  {
    name: 'the vision process is killed',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: (scene) => killProcess(scene, 'packages/vision/dist/process/main.js'),
  },
  {
    name: 'keyframes become rare',
    before: BASE,
    outcome: { withinMs: 40_000 },
    happen: ({ encoder }) => encoder.send({ clip: 'longGop' }),
  },
  {
    name: 'frames become rare',
    before: BASE,
    // A frame every two seconds is on the screen for two seconds.
    outcome: { withinMs: 40_000, laterByMs: 4500 },
    happen: ({ encoder }) => encoder.send({ clip: 'slides' }),
  },
  {
    name: 'open groups of pictures begin',
    before: BASE,
    outcome: { withinMs: 40_000 },
    happen: ({ encoder }) => encoder.send({ clip: 'openGop' }),
  },
  {
    name: 'long open groups of pictures begin',
    before: BASE,
    outcome: { withinMs: 40_000 },
    happen: async ({ encoder }) => {
      await encoder.send({ clip: 'longOpenGop' });
      await pause(20_000);
    },
  },
  {
    name: 'the encoder’s clock jumps ahead',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: async ({ encoder }) => encoder.jump(90_000),
  },
  {
    name: 'the encoder’s clock jumps back',
    before: BASE,
    outcome: { withinMs: 20_000 },
    happen: async ({ encoder }) => encoder.jump(-6000),
  },
  {
    name: 'playlists are refused with 404 for a while',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 10_000 },
    happen: (scene) => refuse(scene, /\.m3u8/, 404, 6000),
  },
  {
    name: 'playlists are refused with 503 for a while',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 10_000 },
    happen: (scene) => refuse(scene, /\.m3u8/, 503, 6000),
  },
  {
    name: 'media are refused with 503 for a while',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 10_000 },
    happen: (scene) => refuse(scene, /\.m4s/, 503, 6000),
  },
  {
    name: 'the machine sleeps for 20 s',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 20_000 },
    happen: (scene) => sleep(scene, 20_000),
  },
  {
    name: 'the machine sleeps while the encoder is restarted without sound',
    before: BASE,
    outcome: { withinMs: 40_000, goneMs: 10_000 },
    happen: async (scene) => {
      await Promise.all([sleep(scene, 6000), pause(1000).then(() => restartEncoder(scene, PICTURE_ONLY))]);
    },
  },
  {
    name: 'the sound goes, and a moment later the size changes',
    before: BASE,
    outcome: { withinMs: 30_000 },
    happen: async (scene) => {
      await restartEncoder(scene, PICTURE_ONLY);
      await pause(1500);
      await scene.encoder.send({ clip: 'tall', kinds: ['video'] });
    },
  },
  {
    name: 'the encoder is restarted twice in a row',
    before: BASE,
    outcome: { withinMs: 30_000 },
    happen: async (scene) => {
      await restartEncoder(scene, PICTURE_ONLY);
      await pause(1500);
      await restartEncoder(scene, BASE);
    },
  },
  {
    name: 'the size changes while the network is gone',
    before: BASE,
    outcome: { withinMs: 30_000, goneMs: 6000 },
    happen: async (scene) => {
      await Promise.all([offline(scene, 5000), pause(1500).then(() => scene.encoder.send({ clip: 'tall' }))]);
    },
  },
  {
    name: 'another session begins while the network is gone',
    before: BASE,
    outcome: { withinMs: 40_000, newSession: true },
    happen: async (scene) => {
      await Promise.all([offline(scene, 12_000), nextSession(scene, BASE)]);
    },
  },
  {
    name: 'more time passes than the live playlist holds',
    before: BASE,
    env: { DVR_WINDOW_MS: '30000' },
    outcome: { withinMs: 30_000 },
    // Who is paused has then more to load than is still to be had live.
    happen: () => pause(60_000),
  },
];
