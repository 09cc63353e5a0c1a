import { forbidden } from '../errors.ts';
import { attributes, text } from '../query.ts';
import { ok, type Request, type Route } from '../router.ts';
import { computeEnvBody, labelBody } from '../run-bodies.ts';

const ATTRIBUTES = ['labels', 'resources'] as const;

function list({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal);
  const wanted = attributes(query, ATTRIBUTES);
  const status = text(query, 'status')?.toUpperCase();
  return ok({
    computeEnvs: workspace.computeEnvs
      .filter((computeEnv) => status === undefined || computeEnv.status === status)
      .map((computeEnv) => ({
        id: computeEnv.id,
        name: computeEnv.name,
        description: computeEnv.description,
        platform: computeEnv.platform,
        status: computeEnv.status,
        primary: computeEnv.primary,
        credentialsId: computeEnv.credentialsId,
        workDir: computeEnv.workDir,
        region: computeEnv.region ?? undefined,
        lastUsed: computeEnv.dateCreated,
        visibility: workspace.visibility,
        workspaceName: workspace.name,
        ...(wanted.has('labels') ? { labels: computeEnv.labels.map(labelBody) } : {}),
      })),
  });
}

function describe({ platform, query, principal, params }: Request) {
  const { workspace } = platform.access(query, principal);
  const wanted = attributes(query, ATTRIBUTES);
  const computeEnv = workspace.computeEnvs.find(({ id }) => id === params.computeEnvId);
  if (!computeEnv) throw forbidden();
  return ok({
    computeEnv: {
      ...computeEnvBody(computeEnv),
      orgId: workspace.organization?.orgId,
      workspaceId: workspace.id ?? undefined,
      lastUsed: computeEnv.dateCreated,
      ...(wanted.has('labels') ? { labels: computeEnv.labels.map(labelBody) } : {}),
    },
  });
}

export const computeEnvRoutes: readonly Route[] = [
  { method: 'GET', template: '/compute-envs', handle: list },
  { method: 'GET', template: '/compute-envs/{computeEnvId}', handle: describe },
];
