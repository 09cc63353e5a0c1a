import type { FlowNode } from './flow-node.ts';

/** Type of the configuration node that holds a connection to Seqera Platform. */
export const CONNECTION_TYPE = 'seqera-config';

/**
 * The connections of the environment as nodes of the editor. Never written to a file, and without a token: the nodes
 * take that from the settings object of this process (key `seqera`).
 */
export function managedNodes(
  connections: readonly { id: string; name: string; baseUrl: string; workspaceId: string | null }[],
): FlowNode[] {
  return connections.map(({ id, name, baseUrl, workspaceId }) => ({
    id,
    type: CONNECTION_TYPE,
    name,
    baseUrl,
    workspaceId: workspaceId ?? '',
  }));
}
