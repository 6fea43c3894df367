import { readFileSync } from 'node:fs';
import { at } from '../lib/workspace.mjs';
import { isProductSource, report, repositoryFiles } from './files.mjs';

/**
 * Every exported function, class and constant has a docblock; an interface or type has one on itself or on a member.
 * Left out: what a zod schema describes by itself (`.meta`), re-exports, and what only names an inferred type.
 *
 * @returns {Promise<number>} How many exported things have none.
 */
export async function checkDocblocks() {
  // Imported here: this file is loaded before anything is installed.
  const { default: ts } = await import('typescript');
  const problems = repositoryFiles(isProductSource).flatMap((file) =>
    undocumented(ts, file, readFileSync(at(file), 'utf8')),
  );
  return report(problems, 'Every exported thing has a docblock.');
}

/**
 * @param {typeof import('typescript')} ts
 * @param {string} file
 * @param {string} text
 * @returns {string[]}
 */
export function undocumented(ts, file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const has = (/** @type {import('typescript').Node} */ node) => ts.getJSDocCommentsAndTags(node).length > 0;
  const isExported = (/** @type {import('typescript').Statement} */ node) =>
    ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

  return source.statements.filter(isExported).flatMap((statement) => {
    if (has(statement) || describesItself(ts, statement)) return [];
    const name = nameOf(ts, statement);
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart());
    return [`${file}:${line + 1} ${name} has no docblock`];
  });
}

/**
 * @param {typeof import('typescript')} ts
 * @param {import('typescript').Statement} statement
 */
function describesItself(ts, statement) {
  if (ts.isInterfaceDeclaration(statement)) {
    return statement.members.some((member) => ts.getJSDocCommentsAndTags(member).length > 0);
  }
  if (ts.isTypeAliasDeclaration(statement)) {
    const text = statement.type.getText();
    // `z.infer<typeof stream>` is documented where the schema is; a union of literals says all in its members.
    return (
      /^(z\.(infer|input|output)<|\(typeof |keyof typeof )/.test(text) ||
      /^'[^']*'(\s*\|\s*'[^']*')*$/.test(text) ||
      text.includes('/**')
    );
  }
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.every((one) => {
      const text = one.initializer?.getText() ?? '';
      return /^(z\b|\w+\.(extend|omit|pick|partial)\()/.test(text) || /\/\*\*|\/\/ /.test(text);
    });
  }
  return false;
}

/**
 * @param {typeof import('typescript')} ts
 * @param {import('typescript').Statement} statement
 */
function nameOf(ts, statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((one) => one.name.getText()).join(', ');
  }
  return /** @type {import('typescript').DeclarationStatement} */ (statement).name?.getText() ?? 'default export';
}
