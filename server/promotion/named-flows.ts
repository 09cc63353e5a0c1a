import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlowNames } from '../config/flow-names.ts';
import { RedstartError } from '../errors.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { DeployError, type FlowStore } from '../flows/flow-store.ts';
import { missingNames, nameReferences } from './name-references.ts';
import { NAMES_FILE, type Names, parseNames } from './names-file.ts';

export interface NamedFlowStore extends FlowStore {
  /** Whether the last load gave other names than the one before: nodes that did not change would go on with the old ones. */
  readonly namesChanged: boolean;
}

/**
 * The flows with what their names stand for in this environment. Node-RED itself puts a value in the place of `${…}`
 * when it makes a node: so the editor shows the name, a deploy keeps it, and any node can have one.
 */
export function withNames(flows: FlowStore, options: { dir: string; environment: string | null }): NamedFlowStore {
  let current: Names = new Map();
  let changed = false;
  let fault: Error | null = null;

  async function load(): Promise<FlowNode[]> {
    try {
      const nodes = await flows.load();
      const names = await namesFor(options.dir, options.environment, nodes);
      changed = !same(names, current);
      setFlowNames(names, current.keys());
      current = names;
      fault = null;
      return nodes;
    } catch (error) {
      fault = error as Error;
      throw error;
    }
  }

  /** What the next start would refuse is refused now. */
  async function save(nodes: readonly FlowNode[]): Promise<void> {
    try {
      await namesFor(options.dir, options.environment, nodes);
    } catch (error) {
      const { message, mend } = error as RedstartError;
      throw new DeployError('FLOW_NAME_UNKNOWN', 422, `Not deployed: ${message} ${mend}`, error);
    }
    await flows.save(nodes);
  }

  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(flows),
      load: { value: load, enumerable: true },
      save: { value: save, enumerable: true },
      fault: { get: () => fault ?? flows.fault, enumerable: true },
      namesChanged: { get: () => changed, enumerable: true },
    },
  ) as NamedFlowStore;
}

/** What the names of these flows stand for. Throws a RedstartError when one of them stands for nothing. */
export async function namesFor(dir: string, environment: string | null, nodes: readonly FlowNode[]): Promise<Names> {
  const path = join(dir, NAMES_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new RedstartError({
      code: 'NAMES_FILE_INVALID',
      message: `${path} cannot be read (${error.code ?? error.message}).`,
      mend: 'Let this user read it.',
      cause: error,
    });
  });
  const references = nameReferences(nodes);
  if (environment === null) {
    const [first] = references;
    if (!first) return new Map();
    throw new RedstartError({
      code: 'NAMES_ENVIRONMENT_UNKNOWN',
      message: `Flows use \${${first.name}} (node ${first.node.id}), and REDSTART_ENVIRONMENT does not say which environment this is.`,
      mend: `Set REDSTART_ENVIRONMENT to one of those in ${path}.`,
    });
  }
  const file = text === null ? null : parseNames(text);
  const [wrong] = file?.faults ?? [];
  if (wrong) {
    throw new RedstartError({
      code: 'NAMES_FILE_INVALID',
      message: `${path}, line ${wrong.line}: ${wrong.message}.`,
      mend: 'Correct it; docs/promotion.md has an example.',
    });
  }
  const names = file?.environments.get(environment);
  if (file && !names) {
    throw new RedstartError({
      code: 'NAMES_ENVIRONMENT_UNKNOWN',
      message: `REDSTART_ENVIRONMENT is "${environment}", and ${path} has ${[...file.environments.keys()].join(', ') || 'no environment'}.`,
      mend: 'Set it to one of these, or add the environment to the file.',
    });
  }
  const [missing] = missingNames(file, references, environment);
  if (missing) throw new RedstartError({ code: 'NAME_MISSING', message: missing.message, mend: missing.mend });
  return names ?? new Map();
}

function same(a: Names, b: Names): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}
