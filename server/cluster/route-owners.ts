import express from 'express';
import type { FlowNode } from '../flows/flow-node.ts';
import { shardsOfTabs } from './shard-of.ts';

/** Node types that answer HTTP requests, with the property that holds the path. */
const HTTP_TYPES: Readonly<Record<string, string>> = { 'http in': 'url', 'redstart-webhook-in': 'url' };
const METHODS = ['get', 'post', 'put', 'delete', 'patch'] as const;

export interface RouteOwners {
  /** The shard whose flows answer this; null when none does. `path` is below the flows' root. */
  request(method: string, path: string): number | null;
  upgrade(path: string): number | null;
}

/**
 * Which shard answers a request, told by Express's own routing, so that parameters and wildcards of `http in` nodes mean
 * here what they mean to Node-RED.
 */
export function routeOwners(nodes: readonly FlowNode[], shards: number): RouteOwners {
  const router = express.Router();
  const listeners = new Map<string, string>();
  const sockets = new Map<string, number>();
  // What is switched off answers nothing: often it is the former one of two with the same path.
  const off = new Set(nodes.filter(({ type, disabled }) => type === 'tab' && disabled === true).map(({ id }) => id));
  const on = nodes.filter(({ d, z }) => d !== true && (z === undefined || !off.has(z)));
  const shardOf = withSubflows(shardsOfTabs(nodes, shards), on);
  for (const node of on) {
    const property = HTTP_TYPES[node.type];
    const shard = node.z === undefined ? undefined : shardOf.get(node.z);
    if (property !== undefined && shard !== undefined) addRoute(router, node, node[property], shard);
    if (node.type === 'websocket-listener' && typeof node.path === 'string') listeners.set(node.id, node.path);
  }
  for (const { type, z, server } of on) {
    const shard = z === undefined ? undefined : shardOf.get(z);
    const path = typeof server === 'string' ? listeners.get(server) : undefined;
    if (type.startsWith('websocket ') && shard !== undefined && path !== undefined && !sockets.has(withSlash(path))) {
      sockets.set(withSlash(path), shard);
    }
  }
  return {
    request(method, path) {
      const asked = { method, url: path, owner: null as number | null };
      // Routing with handlers that answer at once is over when this returns.
      router(asked as never, {} as never, () => {});
      return asked.owner;
    },
    upgrade: (path) => sockets.get(path.replace(/\?.*$/, '')) ?? null,
  };
}

/** What is drawn in a subflow runs where an instance of it is: of several the first, as a path has one owner. */
function withSubflows(shardOf: ReadonlyMap<string, number>, nodes: readonly FlowNode[]): Map<string, number> {
  const all = new Map(shardOf);
  const instances = nodes.filter(({ type }) => type.startsWith('subflow:'));
  for (let known = -1; known !== all.size; ) {
    known = all.size;
    for (const { type, z = '' } of instances) {
      const [subflow, shard] = [type.slice('subflow:'.length), all.get(z)];
      if (shard !== undefined && !all.has(subflow)) all.set(subflow, shard);
    }
  }
  return all;
}

function addRoute(router: express.Router, node: FlowNode, path: unknown, shard: number): void {
  const method = METHODS.find((each) => each === (node.method ?? 'post'));
  if (typeof path !== 'string' || path === '' || method === undefined) return;
  try {
    router[method](withSlash(path), (request) => {
      (request as unknown as { owner: number }).owner = shard;
    });
  } catch {
    // No path that Express understands: Node-RED says so at the node, and runs the others.
  }
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);
