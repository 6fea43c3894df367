import type { Variable } from './variable.js';
import { GROUPS } from './variables.js';

/**
 * The tables of docs/configuration.md, made of the variables themselves. A test holds the page to this text; run
 * `npm run docs -w apps/server` to write it.
 *
 * @returns Markdown: one heading and table for each group, ending with a newline.
 */
export function describeConfig(): string {
  const groups: Readonly<Record<string, Readonly<Record<string, Variable<unknown>>>>> = GROUPS;
  return Object.entries(groups)
    .map(([title, variables]) => {
      const rows = Object.entries(variables).map(
        ([name, { shownDefault, unit, reason }]) =>
          `| \`${name}\` | ${escapeCell(shownDefault)} | ${escapeCell(unit)} | ${escapeCell(reason)} |`,
      );
      return `## ${title}\n\n| Variable | Default | Unit | What it does, and why this default |\n|---|---|---|---|\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
