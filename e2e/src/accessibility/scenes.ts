import type { Page } from 'playwright-core';
import type { SizeName } from './findings.js';

/** Ids of what the scenes show. */
export interface Site {
  readonly live: string;
  readonly ended: string;
  readonly offline: string;
  /** A session of `ended`. */
  readonly session: string;
}

/** Something to look at: how to get there. */
export interface Scene {
  readonly path: (site: Site) => string;
  /** Selector that shows that the page is there. */
  readonly until: string;
  readonly act?: (page: Page) => Promise<unknown>;
  /** Where there is this at all; everywhere when not given. */
  readonly at?: readonly SizeName[];
}

const list = () => '/streams';
const live = ({ live }: Site) => `/streams/${live}`;
const recording = ({ ended, session }: Site) => `/streams/${ended}/sessions/${session}`;

const LISTED = 'ma-stream-list a';
const PLAYING = 'ma-player-controls';

/** Opens what a button opens, and waits until it is there. */
const open = (button: string, opened: string) => async (page: Page) => {
  await page.locator(button).first().click();
  await page.locator(opened).first().waitFor();
};
const fromMenu = (index: number) => async (page: Page) => {
  await open('ma-stream-menu button', '[mat-menu-item]')(page);
  await page.locator('[mat-menu-item]').nth(index).click();
  await page.locator('mat-dialog-container').waitFor();
  await page.locator('[mat-menu-item]').first().waitFor({ state: 'detached' });
};
const pressed = (key: string, opened: string) => async (page: Page) => {
  await page.keyboard.press(key);
  await page.locator(opened).waitFor();
};
/** Pauses: controls stay, and what is looked at stands still. */
const paused = async (page: Page) => {
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
  await page.keyboard.press('k');
  await page.locator('ma-player-controls .steps').waitFor();
};
const afterPause = (act: (page: Page) => Promise<unknown>) => async (page: Page) => {
  await paused(page);
  await act(page);
};

/** Faults that a page has when its address asks for them: `?fault=name`. Runs in the page, before its own code. */
export function faultyBrowser(): void {
  const fault = new URLSearchParams(location.search).get('fault');
  if (fault === 'no-decoder') MediaSource.isTypeSupported = () => false;
  const { parse } = JSON;
  if (fault === 'no-model') {
    JSON.parse = (...args) => {
      const message = parse(...args);
      for (const model of message?.type === 'watching' ? message.models : []) model.state = 'missing';
      return message;
    };
  }
  if (fault !== 'no-connection') return;
  window.WebSocket = class extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      this.addEventListener('open', () => setTimeout(() => this.close()));
    }
  };
}

/** Before anybody has created a stream. */
export const EMPTY: Readonly<Record<string, Scene>> = {
  'no streams': { path: list, until: 'ma-streams-empty' },
};

/** Everything there is to see once there are streams: one on air, one that has ended, one that nobody has published. */
export const SCENES: Readonly<Record<string, Scene>> = {
  list: { path: list, until: LISTED },
  wall: {
    path: list,
    until: LISTED,
    act: open('.segments.icons button:last-child', 'ma-stream-wall a'),
  },
  'nothing matches': { path: list, until: LISTED, act: (page) => page.locator('.search input').fill('zzz') },
  'the menu of a stream': { path: list, until: LISTED, act: open('ma-stream-menu button', '[mat-menu-item]') },
  'appearance and language': {
    path: list,
    until: LISTED,
    act: open('ma-preferences-menu button', '#preferences select'),
  },
  'creating a stream': { path: list, until: LISTED, act: open('.button.create', 'mat-dialog-container') },
  'a created stream': {
    path: list,
    until: LISTED,
    act: async (page) => {
      await open('.button.create', 'mat-dialog-container')(page);
      await page.locator('mat-dialog-container input').first().fill('A new one');
      await page.keyboard.press('Enter');
      await page.locator('mat-dialog-container ma-publish-help').waitFor();
    },
  },
  'the settings of a stream': { path: list, until: LISTED, act: fromMenu(0) },
  'settings that cannot be': {
    path: list,
    until: LISTED,
    act: async (page) => {
      await fromMenu(0)(page);
      await page.locator('mat-dialog-container input[inputmode]').last().fill('plenty');
      await page.locator('mat-dialog-container button[type=submit]').click();
      await page.locator('.field-error').first().waitFor();
    },
  },
  'a new key': { path: list, until: LISTED, act: fromMenu(1) },
  'deleting a stream': { path: list, until: LISTED, act: fromMenu(2) },
  'a stream on air': { path: live, until: PLAYING, act: paused },
  'the details of a stream': {
    path: live,
    until: 'ma-health-panel summary',
    act: afterPause((page) => page.locator('ma-health-panel summary').first().click()),
  },
  'the filter': {
    path: live,
    until: 'ma-overlay-switches',
    act: afterPause(open('ma-filter-menu .open', '#overlay-filter li')),
  },
  'keyboard shortcuts': { path: live, until: PLAYING, act: afterPause(pressed('?', 'ma-shortcuts-sheet')) },
  'the player’s further buttons': {
    path: live,
    until: PLAYING,
    at: ['390'],
    act: afterPause(open('ma-player-controls summary', 'ma-player-controls details button')),
  },
  'exporting appearances': {
    path: live,
    until: 'ma-appearance-rows',
    act: afterPause(open('ma-appearance-rows .actions .icon-button', '[mat-menu-item]')),
  },
  'a stream that the browser cannot play': {
    path: (site) => `${live(site)}?fault=no-decoder`,
    until: 'ma-stage-card h2',
  },
  'a stream without its model': {
    path: (site) => `${live(site)}?fault=no-model`,
    until: '.model.panel',
    act: paused,
  },
  'no connection to the server': { path: () => '/streams?fault=no-connection', until: 'ma-connection-banner button' },
  'a stream that has ended, with its recordings': {
    path: ({ ended }) => `/streams/${ended}`,
    until: 'ma-recordings .actions',
  },
  'a recording': { path: recording, until: PLAYING, act: paused },
  'a moment of a recording': { path: (site) => `${recording(site)}?t=2.5`, until: PLAYING, act: paused },
  'a moment that is not there': {
    path: (site) => `${recording(site)}?t=4000`,
    until: 'ma-watched-notes ma-problem-note',
  },
  'a recording that is not there': {
    path: ({ ended }) => `/streams/${ended}/sessions/nowhere`,
    until: '.gone .button.primary',
  },
  'deleting a recording': {
    path: ({ ended }) => `/streams/${ended}`,
    until: 'ma-recordings .actions',
    act: open('ma-recordings .actions button', 'mat-dialog-container'),
  },
  'a stream that nobody has published': { path: ({ offline }) => `/streams/${offline}`, until: 'ma-publish-help' },
  'a stream that is not there': { path: () => '/streams/nowhere', until: '.gone .button.primary' },
  system: { path: () => '/system', until: '.models li' },
  'the API': {
    path: () => '/docs',
    until: 'ma-root details',
    act: async (page) => {
      await page.locator('#createStream summary').click();
      await open('#createStream button[aria-expanded]', 'ma-try-operation')(page);
    },
  },
  'no such page': { path: () => '/nowhere', until: 'h1' },
};
