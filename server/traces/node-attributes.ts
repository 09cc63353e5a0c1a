import type { Attributes } from '@opentelemetry/api';
import { redact } from '../config/redact.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { NodeInstance } from '../runtime/node-red.ts';

export interface NodeAttributes {
  /** The node's name, else its type: there are as many of them as nodes. */
  title: string;
  attributes: Attributes;
}

const LONGEST = 200;

/** What a span says of its node, made once a node: names and ids, nothing else of its properties. */
export class NodeAttributeCache {
  readonly #index: FlowIndex;
  #nodes: unknown = null;
  #known = new WeakMap<NodeInstance, NodeAttributes>();

  constructor(index: FlowIndex) {
    this.#index = index;
  }

  of(node: NodeInstance): NodeAttributes {
    // A deploy may have named a flow anew and left the node as it was.
    if (this.#nodes !== this.#index.nodes()) {
      this.#nodes = this.#index.nodes();
      this.#known = new WeakMap();
    }
    let known = this.#known.get(node);
    if (known === undefined) {
      known = this.#make(node);
      this.#known.set(node, known);
    }
    return known;
  }

  #make(node: NodeInstance): NodeAttributes {
    const { nodeName, flow, flowLabel } = this.#index.place(node.id);
    return {
      title: clean(nodeName ?? node.type),
      attributes: {
        'node_red.node.id': node.id,
        'node_red.node.type': node.type,
        ...(nodeName !== undefined && { 'node_red.node.name': clean(nodeName) }),
        ...(flow !== undefined && { 'node_red.flow.id': flow }),
        ...(flowLabel !== undefined && { 'node_red.flow.name': clean(flowLabel) }),
      },
    };
  }
}

/** Names are typed by people, who may have pasted anything. */
const clean = (name: string): string => redact(name).slice(0, LONGEST);

/** What went wrong, as a code or the name of a class: a message may hold data. */
export function errorType(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    for (const word of [code, name]) if (typeof word === 'string' && /^\w{1,64}$/.test(word)) return word;
  }
  return '_OTHER';
}
