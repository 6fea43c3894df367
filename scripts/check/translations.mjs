import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { unmarkedTexts } from '../lib/template-texts.mjs';
import { extractMessages, MESSAGES_FILE, problemsOf, readTranslations } from '../lib/translations.mjs';
import { at } from '../lib/workspace.mjs';
import { report, repositoryFiles } from './files.mjs';

/** @returns {Promise<number>} How many texts cannot be translated, or are not. */
export async function checkTranslations() {
  const unmarked = repositoryFiles(
    (file) => /^apps\/dashboard\/src\/.*\.(ts|html)$/.test(file) && !file.endsWith('.test.ts'),
  )
    .flatMap((file) => templatesOf(file))
    .flatMap(({ file, line: first, template }) =>
      unmarkedTexts(template, file).map(
        ({ line, text }) => `${file}:${first + line - 1} "${text}" is not marked with i18n`,
      ),
    );
  if (unmarked.length > 0) return report(unmarked, '');

  const messages = await extractMessages();
  const kept = existsSync(MESSAGES_FILE) ? JSON.parse(readFileSync(MESSAGES_FILE, 'utf8')) : {};
  const problems =
    JSON.stringify(kept) === JSON.stringify(messages)
      ? []
      : [`${path.basename(MESSAGES_FILE)} is not what the sources say; run npm run i18n`];
  for (const { language, translation } of await readTranslations()) {
    problems.push(...problemsOf(messages, translation).map((problem) => `${language}.json ${problem}`));
  }
  return report(problems, `All ${Object.keys(messages).length} texts are marked and translated.`);
}

/** Templates of a file: the file itself, or those written into its components. @param {string} file */
function templatesOf(file) {
  const text = readFileSync(at(file), 'utf8');
  if (file.endsWith('.html')) return file.endsWith('index.html') ? [] : [{ file, line: 1, template: text }];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {{ file: string, line: number, template: string }[]} */
  const templates = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText() === 'template' &&
      ts.isStringLiteralLike(node.initializer)
    ) {
      const line = source.getLineAndCharacterOfPosition(node.initializer.getStart()).line + 1;
      templates.push({ file, line, template: node.initializer.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return templates;
}
