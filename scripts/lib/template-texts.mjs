import * as compiler from '@angular/compiler';

/**
 * Finds texts of a template that a person reads and nobody can translate: no `i18n` on the element, no `i18n-…` beside the
 * attribute. Reads the template as Angular's compiler does. Words inside `<code>`, `<kbd>` and `translate="no"` are names.
 */

/** Attributes, and inputs of our own components, that carry texts. */
const TEXT_ATTRIBUTES = new Set(
  ['aria-label', 'aria-description', 'aria-valuetext', 'aria-roledescription', 'title', 'placeholder', 'alt'].concat([
    'label',
    'action',
    'heading',
    'hint',
    'text',
    'matTooltip',
  ]),
);
const NAMES = new Set(['code', 'kbd']);
const WORD = /\p{L}{2}/u;

/**
 * @param {string} template
 * @param {string} file For messages.
 * @returns {{ line: number, text: string }[]}
 */
export function unmarkedTexts(template, file) {
  const { nodes, errors } = compiler.parseTemplate(template, file, { preserveWhitespaces: false });
  if (errors?.length) throw new Error(`${file}: ${errors[0]?.msg}`);
  /** @type {{ line: number, text: string }[]} */
  const found = [];
  const report = (/** @type {any} */ node, /** @type {string} */ text) =>
    found.push({ line: node.sourceSpan.start.line + 1, text: text.trim().slice(0, 60) });

  const visit = (/** @type {any} */ node, marked = false) => {
    if (node === null || typeof node !== 'object') return;
    if (node instanceof compiler.TmplAstElement) {
      if (NAMES.has(node.name) || node.attributes.some(({ name, value }) => name === 'translate' && value === 'no'))
        return;
    }
    if (node instanceof compiler.TmplAstText) {
      if (!marked && !node.i18n && WORD.test(node.value)) report(node, node.value);
      return;
    }
    if (node instanceof compiler.TmplAstBoundText) {
      for (const text of marked || node.i18n ? [] : literalTexts(node.value)) report(node, text);
      return;
    }
    // An attribute of an element can be marked without its content.
    for (const attribute of node.attributes ?? []) {
      if (TEXT_ATTRIBUTES.has(attribute.name) && !attribute.i18n && WORD.test(attribute.value))
        report(attribute, attribute.value);
    }
    for (const bound of node.inputs ?? []) {
      if (!TEXT_ATTRIBUTES.has(bound.name) || bound.i18n) continue;
      for (const text of literalTexts(bound.value)) report(bound, text);
    }
    for (const key of CHILDREN) for (const child of [node[key]].flat()) visit(child, marked || Boolean(node.i18n));
  };
  for (const node of nodes) visit(node);
  return found;
}

/** Where Angular keeps what is inside of an element, a block, or a branch of one. */
const CHILDREN = ['children', 'branches', 'groups', 'cases', 'empty', 'placeholder', 'loading', 'error'];

/**
 * Literal words that an expression can end in: `busy ? 'Starting' : 'Start'`, not those that it compares with.
 * @param {any} expression
 * @returns {string[]}
 */
function literalTexts(expression) {
  if (expression instanceof compiler.ASTWithSource) return literalTexts(expression.ast);
  if (expression instanceof compiler.Interpolation)
    return [...expression.strings.filter((text) => WORD.test(text)), ...expression.expressions.flatMap(literalTexts)];
  if (expression instanceof compiler.Conditional)
    return [expression.trueExp, expression.falseExp].flatMap(literalTexts);
  if (expression instanceof compiler.Binary)
    return ['+', '??', '||', '&&'].includes(expression.operation)
      ? [expression.left, expression.right].flatMap(literalTexts)
      : [];
  if (expression instanceof compiler.ParenthesizedExpression) return literalTexts(expression.expression);
  if (expression instanceof compiler.LiteralPrimitive)
    return typeof expression.value === 'string' && WORD.test(expression.value) ? [expression.value] : [];
  return [];
}
