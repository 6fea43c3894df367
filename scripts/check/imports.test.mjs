import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../lib/workspace.mjs';

/** What breaks each rule: file -> lines. The violation is in the first one. */
const VIOLATIONS = {
  'no-cycles': {
    'packages/media/src/hls/a.ts': "import './b.js';",
    'packages/media/src/hls/b.ts': "import './a.js';",
  },
  'protocol-stands-alone': {
    'packages/protocol/src/index.ts': "import '@media-analyzer/media/hls';",
    'packages/media/src/hls/index.ts': 'export const hls = 1;',
  },
  'packages-know-only-protocol': {
    'packages/vision/src/models/index.ts': "import '@media-analyzer/media/hls';",
    'packages/media/src/hls/index.ts': 'export const hls = 1;',
  },
  'apps-stand-apart': {
    'apps/dashboard/src/app/app.ts': "import '../../../server/src/log.js';",
    'apps/server/src/log.ts': 'export const log = 1;',
  },
  'dashboard-knows-only-protocol': {
    'apps/dashboard/src/app/app.ts': "import '@media-analyzer/media/hls';",
    'packages/media/src/hls/index.ts': 'export const hls = 1;',
  },
  'e2e-sees-the-product-from-outside': {
    'e2e/src/live.test.ts': "import '../../apps/server/src/log.js';",
    'apps/server/src/log.ts': 'export const log = 1;',
  },
  'features-stand-apart': {
    'apps/server/src/http/routes.ts': "import type { Store } from '../storage/store.js';\nexport type S = Store;",
    'apps/server/src/storage/store.ts': 'export interface Store { id: string }',
  },
  'roles-are-the-top': {
    'apps/server/src/streams/stream.ts': "import '../roles/all.js';",
    'apps/server/src/roles/all.ts': 'export const all = 1;',
  },
  'shared-modules-are-leaves': {
    'apps/server/src/log.ts': "import './streams/stream.js';",
    'apps/server/src/streams/stream.ts': 'export const stream = 1;',
  },
  'server-loads-no-native-media-code': {
    'apps/server/src/main.ts': "import './roles/all.js';",
    'apps/server/src/roles/all.ts': "import '@media-analyzer/media/codec';",
    'packages/media/src/codec/index.ts': 'export const codec = 1;',
  },
  'media-core-knows-no-transport': {
    'packages/media/src/hls/index.ts': "import 'node:http';",
  },
  'no-tests-in-the-product': {
    'packages/media/src/hls/index.ts': "import './index.test.js';",
    'packages/media/src/hls/index.test.ts': 'export const t = 1;',
  },
  'imports-exist': {
    'packages/media/src/hls/index.ts': "import './nowhere.js';",
  },
};

/** What must stay allowed: a role connects features, an app and a package use the protocol. */
const ALLOWED = {
  'packages/protocol/src/index.ts': 'export const protocol = 1;',
  'packages/media/src/hls/index.ts': "import '@media-analyzer/protocol';",
  'apps/server/src/main.ts': "import './roles/all.js';",
  'apps/server/src/roles/all.ts':
    "import '../http/routes.js';\nimport '../storage/store.js';\nimport '@media-analyzer/media/hls';",
  'apps/server/src/http/routes.ts': "import '../log.js';\nimport '@media-analyzer/protocol';",
  'apps/server/src/storage/store.ts': "import '../log.js';",
  'apps/server/src/log.ts': 'export const log = 1;',
};

/** @type {string[]} */
const folders = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

describe('the import rules', () => {
  /** @type {Violation[]} */
  let found = [];
  // All in one repository: a run takes seconds, whatever it finds.
  beforeAll(async () => {
    found = await violations(await plant(together(Object.values(VIOLATIONS))));
  });

  for (const [rule, files] of Object.entries(VIOLATIONS)) {
    it(`catch a planted violation of ${rule}`, () => {
      const [from] = Object.keys(files);
      expect(found).toContainEqual({ rule, from });
    });
  }

  it('let roles, apps and packages import what they may', async () => {
    expect(await violations(await plant(ALLOWED))).toEqual([]);
  });

  it('are all tried by a planted violation, but those that need installed packages', async () => {
    const { default: config } = await import(at('.dependency-cruiser.cjs'));
    const needInstalled = [
      'decoders-in-the-codec-folder',
      'inference-in-vision',
      'no-undeclared-packages',
      'no-dev-packages-in-the-product',
    ];
    const rules = config.forbidden.map((/** @type {{ name: string }} */ rule) => rule.name);
    expect([...Object.keys(VIOLATIONS), ...needInstalled].sort()).toEqual(rules.sort());
  });
});

/**
 * One set of files with the lines of all.
 * @param {Record<string, string>[]} sets
 */
function together(sets) {
  /** @type {Record<string, string>} */
  const files = {};
  for (const [file, content] of sets.flatMap((set) => Object.entries(set))) {
    const lines = new Set([...(files[file]?.split('\n') ?? []), ...content.split('\n')]);
    files[file] = [...lines].join('\n');
  }
  return files;
}

/**
 * Writes a small repository with the real rule set and the real package.json files of the workspaces.
 * @param {Record<string, string>} files
 */
async function plant(files) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'media-analyzer-imports-'));
  folders.push(folder);
  for (const name of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.base.json'])
    await cp(at(name), path.join(folder, name));
  await mkdir(path.join(folder, 'node_modules', '@media-analyzer'), { recursive: true });
  for (const workspace of [
    'packages/protocol',
    'packages/media',
    'packages/vision',
    'apps/server',
    'apps/dashboard',
    'e2e',
  ]) {
    await mkdir(path.join(folder, workspace, 'src'), { recursive: true });
    await cp(at(workspace, 'package.json'), path.join(folder, workspace, 'package.json'));
    await symlink(
      path.join('..', '..', workspace),
      path.join(folder, 'node_modules', '@media-analyzer', path.basename(workspace)),
    );
  }
  await symlink(at('node_modules', 'typescript'), path.join(folder, 'node_modules', 'typescript'));
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), `${content}\n`);
  }
  return folder;
}

/**
 * @param {string} folder
 * @returns {Promise<Violation[]>} Which rules are broken, and by which files.
 */
function violations(folder) {
  return new Promise((resolve, reject) => {
    const args = [
      at('node_modules', '.bin', 'depcruise'),
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'json',
      'packages',
      'apps',
      'e2e',
    ];
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }, (_error, stdout, stderr) => {
      try {
        const { summary } = JSON.parse(stdout);
        resolve(
          summary.violations.map((/** @type {{ rule: { name: string }, from: string }} */ { rule, from }) => ({
            rule: rule.name,
            from,
          })),
        );
      } catch {
        reject(new Error(`dependency-cruiser printed no report: ${stderr || stdout}`));
      }
    });
  });
}

/** @typedef {{ rule: string, from: string }} Violation */
