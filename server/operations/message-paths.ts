import type { FlowIndex } from '../runtime/flow-index.ts';
import { Surroundings } from './surroundings.ts';

/** A node that the message had not come to before. */
type Told = (node: string) => void;

interface Path {
  /** In the order in which the message came to them first. */
  readonly nodes: string[];
  told: Set<Told> | null;
  /** How many wait for more of it. */
  holds: number;
}

/** Of one message: a flow that is a loop, or that is as large as this, is not followed to its end. */
const MOST_NODES = 50;
/** Twice as many are remembered at most. */
const MOST_MESSAGES = 2000;
const LONGEST_ID = 64;

/**
 * Which nodes each message went through, by its `_msgid`, in flows that have to do with the Platform. Copies of a message,
 * as several wires make them, have one id and therefore one path.
 *
 * Called for every message in every node: for those of other flows it is one look into a map. What is remembered is thrown
 * away by generations, which costs less than to know which is the oldest.
 */
export class MessagePaths {
  readonly #surroundings: Surroundings;
  #young = new Map<string, Path>();
  #old = new Map<string, Path>();
  /** Those somebody waits for, however long that takes. */
  readonly #kept = new Map<string, Path>();

  constructor(index: Pick<FlowIndex, 'nodes'>) {
    this.#surroundings = new Surroundings(index);
  }

  /** A node is about to handle a message. */
  received(node: string, msg: { _msgid?: unknown }): void {
    if (!this.#surroundings.has(node)) return;
    const { _msgid: id } = msg;
    if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) return;
    const path = this.#young.get(id) ?? this.#take(id, node);
    const { nodes } = path;
    if (nodes.includes(node) || nodes.length >= MOST_NODES) return;
    nodes.push(node);
    if (path.told !== null) for (const told of path.told) told(node);
  }

  /**
   * What is known of it until now; `told` is told of what comes, until `release`, and then for as long as the message is among
   * the last ones.
   */
  follow(messageId: string, told: Told): readonly string[] {
    const path = this.#kept.get(messageId) ?? this.#young.get(messageId) ?? this.#take(messageId, null);
    this.#kept.set(messageId, path);
    path.holds += 1;
    path.told ??= new Set();
    path.told.add(told);
    return path.nodes;
  }

  release(messageId: string): void {
    const path = this.#kept.get(messageId);
    if (path === undefined) return;
    path.holds -= 1;
    if (path.holds > 0) return;
    this.#kept.delete(messageId);
    this.#remember(messageId, path);
  }

  #take(id: string, node: string | null): Path {
    let path = this.#old.get(id) ?? this.#kept.get(id);
    if (path === undefined) {
      const source = node === null ? undefined : this.#surroundings.sourceOf(node);
      path = { nodes: source === undefined ? [] : [source], told: null, holds: 0 };
    }
    this.#remember(id, path);
    return path;
  }

  #remember(id: string, path: Path): void {
    if (this.#young.size >= MOST_MESSAGES) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, path);
  }
}
