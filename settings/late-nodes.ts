/** As much of a flow's node as says what it is. */
interface TypedNode {
  type: string;
}

/** As much of Node-RED's storage module as brings flows in. */
export interface FlowStorage {
  getFlows(): Promise<readonly TypedNode[]>;
  saveFlows(nodes: readonly TypedNode[], user?: unknown): Promise<unknown>;
}

/** Node types whose files are loaded when flows first have one of them. */
export class LateNodes {
  readonly #files = new Map<string, () => Promise<void>>();

  /** `load` is called once, for whichever of the types comes first. */
  add(types: readonly string[], load: () => Promise<void>): void {
    let loading: Promise<void> | undefined;
    const once = async (): Promise<void> => {
      loading ??= load();
      try {
        await loading;
      } catch (error) {
        // The next deploy tries again.
        loading = undefined;
        throw error;
      }
    };
    for (const type of types) this.#files.set(type, once);
  }

  /** Resolves when all nodes of these flows can be made. */
  async loadFor(nodes: readonly TypedNode[]): Promise<void> {
    if (this.#files.size === 0) return;
    const files = new Set<() => Promise<void>>();
    for (const { type } of nodes) {
      const file = this.#files.get(type);
      if (file) files.add(file);
    }
    await Promise.all([...files].map((file) => file()));
  }

  /** The same storage: flows that come out of it, or go in to be run, find their nodes loaded. */
  before<Storage extends FlowStorage>(storage: Storage): Storage {
    const { getFlows, saveFlows } = storage;
    return {
      ...storage,
      getFlows: async () => {
        const nodes = await getFlows.call(storage);
        await this.loadFor(nodes);
        return nodes;
      },
      saveFlows: async (nodes: readonly TypedNode[], user?: unknown) => {
        await this.loadFor(nodes);
        return saveFlows.call(storage, nodes, user);
      },
    };
  }
}
