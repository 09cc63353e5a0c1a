import { type FlowNode, isObject } from '../flows/flow-node.ts';
import { NAME_KINDS, NAMES_FILE, type NamesFile } from './names-file.ts';

/** A property of a node that is a name of `redstart.yaml`. */
export interface NameReference {
  node: FlowNode;
  /** Where in the node: keys and indexes. */
  path: (string | number)[];
  /** `pipeline:qc`. */
  name: string;
}

const KINDS = Object.values(NAME_KINDS).join('|');
/** The whole of a property, as Node-RED substitutes it. */
const WHOLE = new RegExp(`^\\$\\{((?:${KINDS}):\\S+)\\}$`);

/** Of nodes that were looked through already: those of a file that did not change are the same ones when it is read again. */
const known = new WeakMap<FlowNode, readonly NameReference[]>();

/** Every use of a name: `${pipeline:qc}`, whole as the value of a property. */
export function nameReferences(nodes: readonly FlowNode[]): NameReference[] {
  const found: NameReference[] = [];
  for (const node of nodes) {
    let own = known.get(node);
    if (!own) {
      own = referencesOf(node);
      known.set(node, own);
    }
    for (const reference of own) found.push(reference);
  }
  return found;
}

const NONE: readonly NameReference[] = [];

function referencesOf(node: FlowNode): readonly NameReference[] {
  const found: NameReference[] = [];
  const path: (string | number)[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      // A look at the first letter: most of what there is are long texts and short words.
      const name = value.startsWith('${') ? WHOLE.exec(value)?.[1] : undefined;
      if (name !== undefined) found.push({ node, path: [...path], name });
    } else if (Array.isArray(value)) for (const [index, item] of value.entries()) step(index, item);
    else if (isObject(value)) for (const key of Object.keys(value)) step(key, value[key]);
  };
  const step = (key: string | number, value: unknown): void => {
    path.push(key);
    walk(value);
    path.pop();
  };
  for (const key of Object.keys(node)) step(key, node[key]);
  return found.length > 0 ? found : NONE;
}

/** A name that an environment has not. */
export interface MissingName {
  environment: string;
  /** Line of the environment in `redstart.yaml`; null when there is no such file. */
  line: number | null;
  name: string;
  /** The first use of it. */
  reference: NameReference;
  message: string;
  mend: string;
}

/**
 * Which environments have not each name that flows use.
 * @param file null: there is none
 * @param only this environment; all without
 */
export function missingNames(
  file: NamesFile | null,
  references: readonly NameReference[],
  only?: string,
): MissingName[] {
  const first = new Map<string, NameReference>();
  for (const reference of references) if (!first.has(reference.name)) first.set(reference.name, reference);
  const environments = only === undefined ? [...(file?.environments.keys() ?? [])] : [only];
  if (environments.length === 0 && first.size > 0) environments.push('');
  return environments.flatMap((environment) =>
    [...first]
      .filter(([name]) => !file?.environments.get(environment)?.has(name))
      .map(([name, reference]) => ({
        environment,
        line: file?.lines.get(environment) ?? null,
        name,
        reference,
        message:
          environment === ''
            ? `\${${name}} is used, and there is no ${NAMES_FILE} beside the flows that says what it is.`
            : `\${${name}} is used, and environment "${environment}" of ${NAMES_FILE} does not say what it is.`,
        mend: `Add it there: ${listOf(name)}: { ${name.slice(name.indexOf(':') + 1)}: … }`,
      })),
  );
}

function listOf(name: string): string {
  const kind = name.slice(0, name.indexOf(':'));
  return Object.entries(NAME_KINDS).find(([, one]) => one === kind)?.[0] ?? kind;
}
