/** The parts of the address space, each with rules of its own. `none` is everything that is not declared. */
export type Area = 'landing' | 'favicon' | 'healthz' | 'readyz' | 'status' | 'editor' | 'flows' | 'none';

export interface Roots {
  /** Without trailing slash. */
  readonly editorPath: string;
  readonly httpPath: string;
}

/**
 * The path of a request target as it was sent, neither decoded nor normalised; null for what is not a path
 * (`*`, absolute form, control characters): nobody needs these here, and each reader takes them in another way.
 */
export function rawPath(target: string | undefined): string | null {
  if (target === undefined || !target.startsWith('/') || target.startsWith('//')) return null;
  const end = target.search(/[?#]/);
  const path = end === -1 ? target : target.slice(0, end);
  return /^[\x21-\x5b\x5d-\x7e]+$/.test(path) ? path : null;
}

export const rawQuery = (target: string | undefined): string => {
  const start = target?.indexOf('?') ?? -1;
  return start === -1 || target === undefined ? '' : target.slice(start + 1);
};

const isUnder = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/**
 * Which area a path is in, by the exact letters of its prefix. Routing further in is case-insensitive and decodes;
 * what differs from the declared prefix in any way must not reach it.
 */
export function areaOf(path: string, roots: Roots): Area {
  if (path === '/') return 'landing';
  if (path === '/favicon.ico') return 'favicon';
  if (path === '/healthz') return 'healthz';
  if (path === '/readyz') return 'readyz';
  if (path === '/status.json' || isUnder(path, '/status')) return 'status';
  const inEditor = isUnder(path, roots.editorPath);
  const inFlows = isUnder(path, roots.httpPath);
  // One root inside the other: the longer prefix is the more specific one.
  if (inEditor && inFlows) return roots.editorPath.length >= roots.httpPath.length ? 'editor' : 'flows';
  if (inEditor) return 'editor';
  return inFlows ? 'flows' : 'none';
}
