import type { AnyNode, CallExpression, ForStatement, NewExpression, Node } from 'acorn';
import { acorn, walk } from './acorn.ts';

/** A group without another in it, and whether it repeats. */
const INNERMOST_GROUP = /\(([^()]*)\)([*+{]?)/g;
/** Methods of texts that make an expression of a text. */
const TAKES_EXPRESSION = new Set(['match', 'matchAll', 'search']);
const GROWING = new Set(['push', 'unshift', 'splice', 'add', 'set']);
const MADE_OF_TEXT = new Set(['eval', 'Function', 'RegExp']);
const MOST_ROUNDS = 1_000_000;

/**
 * Whether the code of a function node could run for ever without awaiting anything: in a loop that nothing bounds, in an
 * expression that backtracks without end, in code that is made of text. It says yes of some code that ends, and what it
 * misses the watchdog finds: recursion too that branches for longer than the stack is deep.
 */
export function mayLoop(code: string): boolean {
  const source = `(async function () {\n${code}\n})`;
  const text = ({ start, end }: Node): string => source.slice(start, end);
  try {
    return some(acorn().parse(source, { ecmaVersion: 'latest' }), (node) => loops(node, text));
  } catch {
    // Node-RED says what is wrong with it.
    return true;
  }
}

type TextOf = (node: Node) => string;

function loops(node: AnyNode, text: TextOf): boolean {
  switch (node.type) {
    case 'WhileStatement':
    case 'DoWhileStatement':
      return true;
    case 'ForStatement':
      return !counts(node, text);
    case 'ForOfStatement':
      return changes(
        node.body,
        [text(node.right), text(node.right).replace(/\.(?:entries|keys|values)\(\)$/, '')],
        text,
      );
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      return node.generator === true;
    case 'Literal':
      return node.regex !== undefined && node.regex !== null && repeatsWithin(node.regex.pattern);
    case 'CallExpression':
    case 'NewExpression':
      return MADE_OF_TEXT.has(text(node.callee)) || backtracks(node, text);
    default:
      return false;
  }
}

/** A group that repeats and holds something that repeats: to find that it does not match can take for ever. */
function repeatsWithin(pattern: string): boolean {
  let found = false;
  // What is no group and no repeat, whatever it looks like.
  let rest = pattern.replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x');
  for (let before = ''; before !== rest && !found; ) {
    before = rest;
    rest = rest.replace(INNERMOST_GROUP, (_, inner: string, repeat: string) => {
      const repeats = /[*+}]/.test(inner);
      found ||= repeats && repeat !== '';
      return `${repeats ? 'x*' : 'x'}${repeat}`;
    });
  }
  return found;
}

/** An expression given as a text: `text.match('(a+)+')`. One that has a name stands elsewhere. */
function backtracks({ callee, arguments: [given] }: CallExpression | NewExpression, text: TextOf): boolean {
  if (callee.type !== 'MemberExpression' || !TAKES_EXPRESSION.has(text(callee.property)) || !given) return false;
  if (given.type === 'Literal') return typeof given.value === 'string' && repeatsWithin(given.value);
  return given.type !== 'Identifier';
}

/** `for (let i = …; i < end; i++)`, up or down, and nothing in the loop moves either. */
function counts({ init, test, update, body }: ForStatement, text: TextOf): boolean {
  const [variable] = init?.type === 'VariableDeclaration' ? init.declarations : [];
  if (variable?.id.type !== 'Identifier' || test?.type !== 'BinaryExpression' || !update) return false;
  const { name } = variable.id;
  if (text(test.left) !== name) return false;
  const up = /^<=?$/.test(test.operator);
  if (!up && !/^>=?$/.test(test.operator)) return false;
  const sign = up ? '+' : '-';
  const step = text(update).replace(/\s/g, '').replace(name, '');
  if (step !== sign + sign && !(step.startsWith(`${sign}=`) && /^[1-9]\d*$/.test(step.slice(2)))) return false;
  const end = text(test.right);
  if (test.right.type === 'Literal' && Number(test.right.value) > MOST_ROUNDS) return false;
  return end !== 'Infinity' && !changes(body, [name, end, end.replace(/\.length$/, '')], text);
}

/** Whether one of these is assigned to in here, or gets more elements. */
function changes(body: AnyNode, names: readonly string[], text: TextOf): boolean {
  return some(body, (node) => {
    if (node.type === 'AssignmentExpression') return names.includes(text(node.left));
    if (node.type === 'UpdateExpression') return names.includes(text(node.argument));
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false;
    const { object, property } = node.callee;
    return GROWING.has(text(property)) && names.includes(text(object));
  });
}

function some(within: Node, is: (node: AnyNode) => boolean): boolean {
  let found = false;
  walk().full(within, (node) => {
    found ||= is(node as AnyNode);
  });
  return found;
}
