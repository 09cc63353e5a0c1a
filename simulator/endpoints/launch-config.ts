import type { ComputeEnv, LaunchConfig } from '../entities.ts';
import { forbidden } from '../errors.ts';
import { ok, type Request, type Route } from '../router.ts';
import { computeEnvBody, launchBody } from '../run-bodies.ts';

interface Described {
  launch: LaunchConfig;
  computeEnv: ComputeEnv | null;
  at: string;
}

/** What a run, a launchpad pipeline or an action was launched with, or would be. */
function find({ platform, query, principal, params }: Request): {
  id: string;
  found: Described;
  workspaceId: number | null;
} {
  const { workspace } = platform.access(query, principal, 'launch:read');
  const id = params.launchId ?? '';
  const run = platform.runs.byLaunch(id);
  const pipeline = platform.pipelineByLaunch(id);
  const action = platform.actions.find(({ launchId }) => launchId === id);
  const owner = run ?? pipeline ?? action;
  if (owner?.workspace !== workspace) throw forbidden();
  const at = run ? new Date(run.submitAt).toISOString() : (pipeline?.lastUpdated ?? action?.createdAt ?? '');
  return { id, found: { launch: owner.launch, computeEnv: owner.computeEnv, at }, workspaceId: workspace.id };
}

function describe(request: Request) {
  const { id, found, workspaceId } = find(request);
  return ok({
    launch: {
      id,
      ...launchBody(found.launch),
      ...(found.computeEnv ? { computeEnv: computeEnvBody(found.computeEnv) } : {}),
      ...(workspaceId === null ? {} : { workspaceId }),
      resume: false,
      dateCreated: found.at,
      lastUpdated: found.at,
    },
  });
}

export const launchConfigRoutes: readonly Route[] = [
  { method: 'GET', template: '/launch/{launchId}', handle: describe },
];
