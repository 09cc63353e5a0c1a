import type { PlacedNode } from '../flow-source.ts';
import { wholeVariable } from '../node-values.ts';
import { named, type RuleCheck } from '../rule-context.ts';

/** Nodes that answer requests, with the property that holds the path. A webhook checks a signature: it is never open. */
const ENDPOINTS = new Map([
  ['http in', 'url'],
  ['redstart-webhook-in', 'path'],
]);

interface Endpoint {
  placed: PlacedNode;
  /** That holds the path. */
  property: string;
  method: string;
  path: string;
  parts: string[];
}

export const checkEndpoints: RuleCheck = ({ graph, world, report }) => {
  const endpoints = graph.nodes.flatMap((placed) => {
    const endpoint = endpointOf(placed);
    return endpoint === null || graph.isOff(placed.node) ? [] : [endpoint];
  });
  const seen = new Map<string, Endpoint>();
  const open: Endpoint[] = [];
  for (const endpoint of endpoints) {
    const { placed, property, method, path, parts } = endpoint;
    if (world.openEndpoints && placed.node.type === 'http in')
      report('endpoint-open', placed, `${method} ${path} answers anybody.`, { path: [property] });
    const key = `${method} ${parts.map((part) => (part.startsWith(':') ? ':' : part)).join('/')}`;
    const other = seen.get(key);
    if (other) {
      report('endpoint-duplicate', placed, `${method} ${path} is answered by ${named(other.placed)} as well.`, {
        path: [property],
      });
      continue;
    }
    seen.set(key, endpoint);
    open.push(endpoint);
  }
  // Only a path with a parameter can take another's requests.
  for (const wide of open.filter(({ parts }) => parts.some((part) => part.startsWith(':')))) {
    for (const narrow of open) {
      if (narrow === wide || narrow.method !== wide.method || !covers(wide.parts, narrow.parts)) continue;
      report(
        'endpoint-shadowed',
        wide.placed,
        `${wide.method} ${wide.path} also takes the requests of ${named(narrow.placed)}, ${narrow.path}.`,
        { path: [wide.property] },
      );
    }
  }
};

function endpointOf(placed: PlacedNode): Endpoint | null {
  const { node } = placed;
  const property = ENDPOINTS.get(node.type);
  const url = property === undefined ? undefined : node[property];
  if (property === undefined || typeof url !== 'string' || url.trim() === '' || wholeVariable(url) !== null)
    return null;
  const path = `/${url.trim().replace(/^\/+/, '')}`;
  // As Express matches: case and a slash at the end make no difference.
  const parts = path
    .replace(/\/+$/, '')
    .split('/')
    .map((part) => (part.startsWith(':') ? part : part.toLowerCase()));
  const method = property === 'path' ? 'POST' : String(node.method ?? 'get').toUpperCase();
  return { placed, property, method, path, parts };
}

function covers(wide: readonly string[], narrow: readonly string[]): boolean {
  // A parameter with a pattern or that may be left out is judged by nobody but Express.
  const isPlain = (part: string): boolean => /^:\w+$/.test(part);
  return wide.length === narrow.length && wide.every((part, index) => part === narrow[index] || isPlain(part));
}
