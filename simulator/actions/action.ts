import type { ActionView } from '../data-views.ts';
import type { ComputeEnv, Label, LaunchConfig, Workspace } from '../entities.ts';

/** Something that launches a pipeline when it is told to, or when something happens. */
export interface Action {
  id: string;
  name: string;
  workspace: Workspace;
  source: ActionView['source'];
  status: ActionView['status'];
  launchId: string;
  launch: LaunchConfig;
  computeEnv: ComputeEnv;
  labels: Label[];
  createdAt: string;
  /** Runs that it launched, oldest first. */
  runs: { id: string; at: number }[];
}

export const actionView = ({ id, name, source, status, workspace, runs }: Action): ActionView => ({
  id,
  name,
  source,
  status,
  workspaceId: workspace.id,
  runs: runs.map((run) => run.id),
});
