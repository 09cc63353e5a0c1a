/** Roles of a workspace, the least first. */
const ROLES = ['view', 'connect', 'launch', 'maintain', 'admin', 'owner'] as const;
export type WorkspaceRole = (typeof ROLES)[number];

/** The least role that a node needs for what it always does. Creating labels, or launching a repository, takes more. */
export const NODE_ROLES: Readonly<Record<string, WorkspaceRole>> = {
  'seqera-workflow-launch': 'launch',
  'seqera-workflow-monitor': 'view',
  'seqera-workflow-poll': 'view',
  'seqera-workflow-cancel': 'launch',
  'seqera-datalink-list': 'view',
  'seqera-datalink-poll': 'view',
  'seqera-dataset-add': 'launch',
  'seqera-dataset-get': 'view',
  'seqera-studios-add': 'maintain',
  'seqera-studios-monitor': 'view',
  'seqera-studios-control': 'maintain',
  'seqera-action-launch': 'launch',
  'seqera-api': 'view',
};

export interface NodeAllowance {
  type: string;
  needs: WorkspaceRole;
  allowed: boolean;
}

/** What the highest of the roles allows; null when none of them is one of the Platform's own. */
export function nodesOf(roles: readonly string[]): NodeAllowance[] | null {
  const rank = Math.max(...roles.map((role) => ROLES.indexOf(role.toLowerCase() as WorkspaceRole)), -1);
  if (rank < 0) return null;
  return Object.entries(NODE_ROLES).map(([type, needs]) => ({ type, needs, allowed: rank >= ROLES.indexOf(needs) }));
}
