import type { Audit } from './audit-event.ts';
import type { Deployer } from './audited-flows.ts';

export interface PlatformWriteOptions {
  audit: Audit;
  /** Where a node is: its flow, and their names. */
  place(nodeId: string): { node: string; flow?: string };
  deployerOf(flow: string): Deployer;
}

/** Records what nodes change on the Platform, with the flow that they are in and who deployed that. */
export function recordPlatformWrites({ audit, place, deployerOf }: PlatformWriteOptions) {
  return (node: string, { action, messageId: _, ...details }: { action: string; [detail: string]: unknown }): void => {
    const where = place(node);
    const deployed = where.flow === undefined ? undefined : deployerOf(where.flow);
    audit.record({ ...details, ...where, ...(deployed && { deployed }), event: action });
  };
}
