import vm from 'node:vm';
import type { Spot } from '../finding.ts';
import type { PlacedNode } from '../flow-source.ts';
import type { RuleCheck, RuleContext } from '../rule-context.ts';

// As the function node wraps it: names that it declares must not be declared again, and `await` is allowed. The code of
// setup and close is put before a closing bracket without a line break, so a comment in its last line breaks it.
const PARTS = [
  {
    property: 'func',
    what: 'The code',
    before: '(async function(msg,__send__,__done__){var __msgid__;var node;\n',
    after: '\n})',
  },
  { property: 'initialize', what: 'The code on start', before: '(async function(__send__){var node;\n', after: '})' },
  { property: 'finalize', what: 'The code on stop', before: '(function(){var node;\n', after: '})' },
] as const;

export const checkFunctionCode: RuleCheck = (context) => {
  for (const placed of context.graph.nodes) {
    if (placed.node.type !== 'function') continue;
    for (const part of PARTS) checkPart(context, placed, part);
  }
};

function checkPart(
  { report }: RuleContext,
  placed: PlacedNode,
  { property, what, before, after }: (typeof PARTS)[number],
): void {
  const raw = placed.node[property];
  if (typeof raw !== 'string' || raw.trim() === '') return;
  // Told as what it is: a merge that was not finished.
  if (/^<{7}(?: |$)/m.test(raw)) return;
  const code = property === 'func' ? raw : raw.trimEnd();
  try {
    new vm.Script(before + code + after, { filename: 'code' });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const within = spotOf(error);
    const lines = code.split('\n');
    const beyond =
      within.line > lines.length || (within.line === lines.length && within.column > (lines.at(-1)?.length ?? 0));
    const last = { line: lines.length, column: Math.max(1, lines.at(-1)?.length ?? 1) };
    report(
      'function-syntax',
      placed,
      `${what} does not parse: ${error.message}${beyond ? ' (at its end: a bracket or quote is not closed, or a comment swallows the closing one)' : ''}.`,
      { path: [property], within: beyond ? last : within },
    );
  }
}

/** V8 tells the place in the first lines of the stack only: `code:LINE`, the line itself, and a caret below. */
function spotOf(error: SyntaxError): Spot {
  const [head = '', , caret = ''] = (error.stack ?? '').split('\n');
  // The first line is the wrapper's.
  return { line: Math.max(1, Number(/:(\d+)$/.exec(head)?.[1] ?? 2) - 1), column: Math.max(1, caret.indexOf('^') + 1) };
}
