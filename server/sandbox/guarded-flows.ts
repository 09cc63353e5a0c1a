import type { Logger } from 'pino';
import type { NodePolicy } from '../../settings/node-policy.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import type { HeldFlows } from './held-flows.ts';
import { explainRefused, type RefusedFlow, refusedFlows } from './refused-flows.ts';

export interface GuardedFlows {
  /** What the rest of the program takes for the flow files. */
  store: FlowStore;
  /** Flows of the last load that use nodes which are off. */
  refused(): readonly RefusedFlow[];
}

/**
 * Flows that must not run are loaded disabled, so that the others run. It is a matter of what the runtime is given: the
 * editor shows them disabled, the files stay as they are.
 */
export function guardFlows(store: FlowStore, held: HeldFlows, policy: NodePolicy, logger: Logger): GuardedFlows {
  let files: readonly FlowNode[] = [];
  let refused: RefusedFlow[] = [];
  // Flows are loaded twice at a start.
  const told = new Set<string>();
  const stopped = (id: string): boolean => held.has(id) || refused.some(({ flow }) => flow === id);
  const lacksModules = ({ type, libs }: FlowNode): boolean =>
    !policy.functionModules && type === 'function' && Array.isArray(libs) && libs.length > 0;

  /** A deploy as it goes to the files. */
  const asInFiles = (nodes: readonly FlowNode[]): FlowNode[] => {
    const before = new Map(files.map((node) => [node.id, node]));
    return nodes.map((node) => {
      const file = before.get(node.id);
      // Whoever gave the node other code meant it to be without them.
      if (file && lacksModules(file) && isEmpty(node.libs) && node.func === file.func)
        return { ...node, libs: file.libs };
      return stopped(node.id) && node.disabled === true ? asInFile(node, file) : node;
    });
  };

  const guarded: Pick<FlowStore, 'load' | 'save' | 'plan'> = {
    plan: (nodes) => store.plan(asInFiles(nodes)),
    async load() {
      const nodes = await store.load();
      files = nodes;
      held.loaded(nodes);
      refused = refusedFlows(nodes, policy);
      for (const each of refused) {
        const key = `${each.flow} ${each.node}`;
        if (told.has(key)) continue;
        told.add(key);
        const { group: _group, ...place } = each;
        logger.error({ code: 'FLOW_REFUSED', ...place }, explainRefused(each, store.fileOf(each.node)));
      }
      return nodes.map((node) => {
        if (stopped(node.id)) return { ...node, disabled: true };
        // For a module that is not there Node-RED starts no flow at all, whether the flow that wants it is disabled or not.
        return lacksModules(node) ? { ...node, libs: [] } : node;
      });
    },
    async save(nodes) {
      const stored = asInFiles(nodes);
      await store.save(stored);
      files = stored;
      held.deployed(nodes);
      refused = refusedFlows(nodes, policy);
    },
  };
  return { store: withOwn(store, guarded), refused: () => refused };
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

/** Everything else is the store's own; its getters stay getters. */
function withOwn(store: FlowStore, own: Partial<FlowStore>): FlowStore {
  const properties = Object.getOwnPropertyDescriptors(store);
  return Object.defineProperties({}, { ...properties, ...Object.getOwnPropertyDescriptors(own) }) as FlowStore;
}

/** `disabled` is not what its author deployed: the file says what it said. */
function asInFile({ disabled: _overlaid, ...tab }: FlowNode, file: FlowNode | undefined): FlowNode {
  const kept = tab as FlowNode;
  return file && 'disabled' in file ? { ...kept, disabled: file.disabled } : kept;
}
