import type { FlowNode } from '../flow-node.ts';

/** Properties that hold code or markup, with the extension by which an editor knows the language. */
const LANGUAGES = new Map([
  ['func', 'js'],
  ['initialize', 'js'],
  ['finalize', 'js'],
  ['javascript', 'js'],
  ['script', 'js'],
  ['template', 'html'],
  ['html', 'html'],
  ['css', 'css'],
  ['style', 'css'],
  ['sql', 'sql'],
  ['query', 'sql'],
  ['markdown', 'md'],
  ['python', 'py'],
]);

/** What the template node can be told that its text is. */
const TEMPLATE_FORMATS = new Map([
  ['handlebars', 'mustache'],
  ['html', 'html'],
  ['json', 'json'],
  ['javascript', 'js'],
  ['css', 'css'],
  ['markdown', 'md'],
  ['php', 'php'],
  ['python', 'py'],
  ['sql', 'sql'],
  ['yaml', 'yaml'],
  ['text', 'txt'],
]);

/** The property that a node's text is mostly: its file bears the node's name alone. */
const MAIN = new Set(['func', 'template', 'format']);

/** How the file of a node's text property ends; null for one that is not code, which stays with its node. */
export function fileEnding(node: FlowNode, key: string): string | null {
  const extension = extensionOf(node, key);
  if (extension === null) return null;
  return MAIN.has(key) ? `.${extension}` : `.${key}.${extension}`;
}

function extensionOf(node: FlowNode, key: string): string | null {
  // The dashboards keep the template itself under the name by which the core node tells its language.
  if (key === 'format' && /^ui[-_]template$/.test(node.type)) return 'html';
  if (key === 'template' && typeof node.format === 'string') return TEMPLATE_FORMATS.get(node.format) ?? 'html';
  return LANGUAGES.get(key) ?? null;
}
