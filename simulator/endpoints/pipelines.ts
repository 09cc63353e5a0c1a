import type { Pipeline, User } from '../entities.ts';
import { forbidden } from '../errors.ts';
import { attributes, cut, integer, matchesName, oneOf, page, text } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { computeEnvBody, labelBody, launchBody } from '../run-bodies.ts';

const ATTRIBUTES = ['optimized', 'labels', 'computeEnv'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

function pipelineBody(pipeline: Pipeline, user: User, wanted: ReadonlySet<Attribute>) {
  const { workspace, computeEnv } = pipeline;
  return {
    pipelineId: pipeline.pipelineId,
    name: pipeline.name,
    description: pipeline.description,
    repository: pipeline.launch.pipeline,
    userId: user.id,
    userName: user.userName,
    userFirstName: user.firstName,
    userLastName: user.lastName,
    orgId: workspace.organization?.orgId,
    orgName: workspace.organization?.name,
    workspaceId: workspace.id ?? undefined,
    workspaceName: workspace.name,
    visibility: workspace.visibility,
    deleted: false,
    lastUpdated: pipeline.lastUpdated,
    version: {
      id: pipeline.versionId,
      name: `${pipeline.name}-1`,
      isDefault: true,
      creatorUserId: user.id,
      creatorUserName: user.userName,
      dateCreated: pipeline.lastUpdated,
      lastUpdated: pipeline.lastUpdated,
    },
    ...(wanted.has('labels') ? { labels: pipeline.labels.map(labelBody) } : {}),
    ...(wanted.has('optimized') ? { optimizationStatus: 'UNAVAILABLE' } : {}),
    ...(wanted.has('computeEnv') && computeEnv
      ? {
          computeEnv: {
            id: computeEnv.id,
            name: computeEnv.name,
            platform: computeEnv.platform,
            region: computeEnv.region ?? undefined,
          },
        }
      : {}),
  };
}

const ORDERS = {
  NAME: (a: Pipeline, b: Pipeline) => a.name.localeCompare(b.name),
  CREATED: (a: Pipeline, b: Pipeline) => a.pipelineId - b.pipelineId,
  MODIFIED: (a: Pipeline, b: Pipeline) => a.lastUpdated.localeCompare(b.lastUpdated) || a.pipelineId - b.pipelineId,
};

function list({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal);
  const limits = page(query, 'Pipelines', 100);
  const wanted = attributes(query, ATTRIBUTES);
  // Shared ones of other workspaces are shown to those who ask for them only.
  const visibility = oneOf(query, 'visibility', ['private', 'shared', 'all'] as const) ?? 'private';
  const own = workspace.pipelines.filter(() => visibility !== 'shared' || workspace.visibility === 'SHARED');
  const all = visibility === 'private' ? own : [...own, ...platform.sharedWith(workspace)];
  const matches = matchesName(text(query, 'search'));
  const order = ORDERS[oneOf(query, 'sortBy', ['CREATED', 'MODIFIED', 'NAME'] as const) ?? 'CREATED'];
  const found = all.filter(({ name }) => matches(name)).sort(order);
  if (oneOf(query, 'sortDir', ['ASCENDING', 'DESCENDING'] as const) === 'DESCENDING') found.reverse();
  return ok({
    pipelines: cut(found, limits).map((pipeline) => pipelineBody(pipeline, platform.seed.user, wanted)),
    totalSize: found.length,
  });
}

function requested({ platform, params, query, principal }: Request): Pipeline {
  const { workspace } = platform.access(query, principal);
  const id = params.pipelineId ?? '';
  if (!/^\d+$/.test(id)) throw forbidden();
  return platform.pipeline(Number(id), workspace, integer(query, 'sourceWorkspaceId'));
}

function describe(request: Request) {
  const wanted = attributes(request.query, ATTRIBUTES);
  return ok({ pipeline: pipelineBody(requested(request), request.platform.seed.user, wanted) });
}

function describeLaunch(request: Request) {
  const pipeline = requested(request);
  return ok({
    launch: {
      id: pipeline.launchId,
      ...launchBody(pipeline.launch),
      ...(pipeline.computeEnv ? { computeEnv: computeEnvBody(pipeline.computeEnv) } : {}),
      workspaceId: pipeline.workspace.id ?? undefined,
      resume: false,
      dateCreated: pipeline.lastUpdated,
      lastUpdated: pipeline.lastUpdated,
    },
  });
}

function schema(request: Request) {
  const pipeline = requested(request);
  attributes(request.query, ['schema', 'params'] as const);
  if (pipeline.schema === null) return noContent();
  return ok({ schema: pipeline.schema, params: pipeline.launch.paramsText });
}

export const pipelineRoutes: readonly Route[] = [
  { method: 'GET', template: '/pipelines', handle: list },
  { method: 'GET', template: '/pipelines/{pipelineId}', handle: describe },
  { method: 'GET', template: '/pipelines/{pipelineId}/launch', handle: describeLaunch },
  { method: 'GET', template: '/pipelines/{pipelineId}/schema', handle: schema },
];
