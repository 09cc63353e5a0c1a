import type { Logger } from 'pino';
import type { FlowIndex, NodePlace } from './flow-index.ts';
import { nodeInStack, nodeTrace } from './node-trace.ts';

/** What of `process` is listened to; a fake in tests. */
export interface FaultSource {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown;
}

export interface FaultOptions {
  logger: Logger;
  index: FlowIndex;
  /** Has the flow of a node held back at the next start. @returns its label; null when the node is in no flow */
  blame?(nodeId: string): string | null;
  /** The state of the process is not known any more: stop and exit with 1. */
  fatal(error: unknown): void;
}

/**
 * A promise that a flow forgot to catch concerns that flow, and must not end all others: it is logged, and everything
 * runs on. An exception that nobody caught has left something half done, and nobody knows what: log, stop, exit.
 */
export function handleFaults(source: FaultSource, { logger, index, blame, fatal }: FaultOptions): void {
  source.on('unhandledRejection', (reason) => {
    const place = placeOf(reason, index);
    logger.error(
      { err: asError(reason), ...place },
      `A promise was rejected and nobody caught it${where(place)}: ${messageOf(reason)}`,
    );
  });
  let failing = false;
  source.on('uncaughtException', (error) => {
    const place = placeOf(error, index);
    logger.fatal(
      { err: asError(error), ...place },
      `Nobody caught this exception${where(place)}, so the program stops: ${messageOf(error)}`,
    );
    if (failing) return;
    const held = place.node === undefined ? null : (blame?.(place.node) ?? null);
    if (held !== null) logger.fatal({ code: 'FLOW_HELD_BACK' }, `the next start holds flow "${held}" back`);
    failing = true;
    fatal(error);
  });
}

/** The node that an error comes from, as far as anybody can tell. */
export function faultNode(error: unknown): string | undefined {
  // The stack is the better witness: the trace is that of the message that was being handled.
  return nodeInStack(stackOf(error)) ?? nodeTrace.node();
}

function placeOf(error: unknown, index: FlowIndex): Partial<NodePlace> {
  const id = faultNode(error);
  return id === undefined ? {} : index.place(id);
}

function where({ node, nodeType, nodeName, flowLabel }: Partial<NodePlace>): string {
  if (node === undefined) return '';
  const name = nodeName ? ` "${nodeName}"` : ` ${node}`;
  return ` (${nodeType ?? 'node'}${name}${flowLabel ? ` in flow "${flowLabel}"` : ''})`;
}

function stackOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : undefined;
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

// Errors of function nodes come from another realm, where pino's serialiser does not see an Error.
function asError(error: unknown): unknown {
  if (error instanceof Error) return error;
  const stack = stackOf(error);
  return stack === undefined ? { message: messageOf(error) } : { message: messageOf(error), stack };
}
