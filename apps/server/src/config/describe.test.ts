import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeConfig } from './describe.js';
import { VARIABLE_NAMES } from './load.js';
import { GROUPS } from './variables.js';

describe('docs/configuration.md', () => {
  it('is in step with the code: else run "npm run docs -w apps/server"', async () => {
    const page = await readFile(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page.endsWith(`\n\n${describeConfig()}`)).toBe(true);
  });

  it('lists every variable that is read, once', () => {
    const listed = [...describeConfig().matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect([...listed].sort()).toEqual([...VARIABLE_NAMES].sort());
    expect(Object.values(GROUPS).flatMap((group) => Object.keys(group))).toHaveLength(VARIABLE_NAMES.length);
  });
});
