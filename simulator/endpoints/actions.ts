import type { Action } from '../actions/action.ts';
import { badRequest, forbidden } from '../errors.ts';
import type { Permission } from '../principals.ts';
import { attributes } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { computeEnvBody, labelBody, launchBody } from '../run-bodies.ts';
import type { RunRules } from '../run-rules.ts';
import { checkComputeEnv, paramsOf, submitRun } from '../submit-run.ts';
import { asObject, isObject } from '../values.ts';

const ATTRIBUTES = ['labels'] as const;

function eventOf({ source, runs }: Action) {
  const last = runs.at(-1);
  if (!last || source !== 'tower') return {};
  const timestamp = new Date(last.at).toISOString();
  return { event: { discriminator: source, timestamp, workflowId: last.id }, lastSeen: timestamp };
}

const common = (action: Action, withLabels: boolean) => ({
  id: action.id,
  name: action.name,
  source: action.source,
  status: action.status,
  ...(action.status === 'ERROR' ? { error: 'The hook could not be set up' } : {}),
  config: { discriminator: action.source, ...(action.source === 'github' ? { events: ['push'] } : {}) },
  ...eventOf(action),
  dateCreated: action.createdAt,
  ...(withLabels ? { labels: action.labels.map(labelBody) } : {}),
});

function launchUrl({ baseUrl }: Request, { id, workspace }: Action): string {
  return `${baseUrl}/actions/${id}/launch${workspace.id === null ? '' : `?workspaceId=${workspace.id}`}`;
}

function list(request: Request) {
  const { platform, query, principal } = request;
  const { workspace } = platform.access(query, principal, 'action:read');
  const withLabels = attributes(query, ATTRIBUTES).has('labels');
  return ok({
    actions: platform.actions
      .filter((action) => action.workspace === workspace)
      .map((action) => ({
        ...common(action, withLabels),
        pipeline: action.launch.pipeline,
        ...(action.source === 'tower' ? { endpoint: launchUrl(request, action) } : {}),
      })),
  });
}

/** @throws ApiError 403 for one that is not there, or in another workspace */
function requested({ platform, query, principal, params }: Request, permission: Permission): Action {
  const { workspace } = platform.access(query, principal, permission);
  const action = platform.actions.find(({ id }) => id === params.actionId);
  if (action?.workspace !== workspace) throw forbidden();
  return action;
}

function describe(request: Request) {
  const action = requested(request, 'action:read');
  const withLabels = attributes(request.query, ATTRIBUTES).has('labels');
  return ok({
    action: {
      ...common(action, withLabels),
      ...(action.source === 'tower' ? { hookUrl: launchUrl(request, action) } : { hookId: '481516234' }),
      lastUpdated: action.createdAt,
      launch: {
        id: action.launchId,
        ...launchBody(action.launch),
        computeEnv: computeEnvBody(action.computeEnv),
        ...(action.workspace.id === null ? {} : { workspaceId: action.workspace.id }),
        resume: false,
        dateCreated: action.createdAt,
        lastUpdated: action.createdAt,
      },
    },
  });
}

/** Params are all that can vary. They are laid over those of the action. */
const launch = (rules: RunRules) => (request: Request) => {
  const { platform, now, body } = request;
  const action = requested(request, 'action:execute');
  if (action.source !== 'tower')
    throw badRequest(`Action '${action.name}' is triggered by ${action.source}, it cannot be launched`);
  if (action.status !== 'ACTIVE') throw badRequest(`Action '${action.name}' is not active`);
  const given = asObject(body).params ?? {};
  if (!isObject(given)) throw badRequest('Invalid pipeline parameters: expected an object');
  const params = { ...paramsOf(action.launch), ...given };
  const launched = { ...action.launch, paramsText: JSON.stringify(params) };
  paramsOf(launched);
  checkComputeEnv(action.computeEnv);
  const sessionId = platform.random.uuid();
  const workflowId = submitRun(request, rules, {
    workspace: action.workspace,
    pipeline: null,
    computeEnv: action.computeEnv,
    launch: launched,
    posted: asObject(body),
    params,
    labels: action.labels,
    sessionId,
    resume: false,
    runName: platform.random.runName(),
  });
  action.runs.push({ id: workflowId, at: now });
  return ok({ workflowId });
};

function pause(request: Request) {
  const action = requested(request, 'action:write');
  if (action.status !== 'ACTIVE' && action.status !== 'PAUSED')
    throw badRequest(`Action '${action.name}' cannot be paused`);
  action.status = action.status === 'ACTIVE' ? 'PAUSED' : 'ACTIVE';
  return noContent();
}

export const actionRoutes = (rules: RunRules): readonly Route[] => [
  { method: 'GET', template: '/actions', handle: list },
  { method: 'GET', template: '/actions/{actionId}', handle: describe },
  { method: 'POST', template: '/actions/{actionId}/launch', handle: launch(rules) },
  { method: 'POST', template: '/actions/{actionId}/pause', handle: pause },
];
