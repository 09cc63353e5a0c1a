import type { Rehearsal, RehearsalResult } from './rehearsal.ts';

/** What the parent says. */
export type ToChild = { what: 'run'; rehearsal: Rehearsal } | { what: 'end' };
/** What the child says. */
export type FromChild =
  | { what: 'ready' }
  | { what: 'done'; result: RehearsalResult }
  | { what: 'failed'; message: string };

/** In the child's folder: the node that got the last message, for the case that it never comes back. */
export const LAST_NODE_FILE = 'last-node';
export const LAST_NODE_BYTES = 200;
