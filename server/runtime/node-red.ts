import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Express } from 'express';
import type { FlowNode } from '../flows/flow-node.ts';
import { limitUploads } from '../http/upload-limits.ts';
import { loadLibrariesLate } from '../late-nodes/late-libraries.ts';
import { keepFunctions } from './kept-functions.ts';

/** A node instance, as far as the runtime's bookkeeping looks at it. */
export interface NodeInstance {
  id: string;
  type: string;
  /** How many of its input handlers call `done`. Private to Node-RED; a test holds it to that. */
  _expectedDoneCount?: number;
  /** The node keeps messages for long and saves them by itself: a stop does not wait for them. */
  parksMessages?: boolean;
}

export interface ReceiveEvent {
  msg: Record<string, unknown>;
  destination: { id: string; node: NodeInstance };
}

export interface CompleteEvent {
  msg: Record<string, unknown>;
  error?: unknown;
  node: { id: string; node: NodeInstance };
}

/** A message on its way from one node to the next: as the node sent it, and from `preDeliver` on as it will arrive. */
export interface SendEvent {
  msg: Record<string, unknown>;
  source: { id: string; node: NodeInstance };
}

export interface HookEvents {
  onSend: SendEvent[];
  preDeliver: SendEvent;
  onReceive: ReceiveEvent;
  postReceive: ReceiveEvent;
  onComplete: CompleteEvent;
}

export interface RuntimeEvent {
  id: string;
  payload?: {
    type?: string;
    state?: string;
    error?: string;
    types?: string[];
    modules?: { module: string; error: string }[];
    text?: string;
  };
}

/** A set of nodes as Node-RED lists it: one file of core nodes or of a package. */
export interface NodeSet {
  id: string;
  module: string;
  types: string[];
  enabled: boolean;
  err?: { code?: string } | string;
}

/** What is used of Node-RED, typed: `@types/node-red` describes what nodes see, not what an embedder does. */
export interface NodeRed {
  version: string;
  init(server: unknown, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  httpAdmin: Express;
  httpNode: Express;
  events: EventEmitter;
  hooks: {
    add<Name extends keyof HookEvents>(
      name: `${Name}.redstart`,
      hook: (event: HookEvents[Name]) => undefined | false,
    ): void;
  };
  nodes: {
    getNodeList(filter?: (set: NodeSet) => boolean): NodeSet[];
    registerType<Node>(set: string, type: string, construct: (this: Node, config: object) => void): void;
    createNode(node: object, config: object): void;
    /** The constructor of a type; an object for that of a packaged subflow. */
    getType(type: string): unknown;
    getCredentialDefinition(type: string): Record<string, { type?: string }> | undefined;
  };
  runtime: {
    flows: {
      getFlows(options: object): Promise<{ flows: FlowNode[] }>;
      setState(options: object): Promise<unknown>;
      setFlows(options: object): Promise<unknown>;
    };
    nodes: { getNodeConfigs(options: { lang: string }): Promise<string> };
    plugins: { getPluginConfigs(options: { lang: string }): Promise<string> };
  };
}

/** Node-RED has its state at module level: one runtime a process. Loaded when called, as it takes 300 ms. */
export function loadNodeRed(): NodeRed {
  loadLibrariesLate();
  limitUploads();
  keepFunctions();
  return createRequire(import.meta.url)('node-red') as NodeRed;
}
