import { ApiError, badRequest, conflict, notFound } from '../errors.ts';
import type { Permission } from '../principals.ts';
import { attributes, cut, flag, matchesName, page, text } from '../query.ts';
import { accepted, noContent, ok, type Request, type Route } from '../router.ts';
import { searchTerms } from '../search-terms.ts';
import { extendLifespan, lifespanHours, OVER, type Studio, start, statusAt, stop } from '../studios/studio.ts';
import { checkpointBody, statusInfoBody, studioBody, TEMPLATES } from '../studios/studio-bodies.ts';
import { checkedConfiguration, checkedName, checkedText, labelsOf, mountsOf } from '../studios/studio-request.ts';
import { asObject, isObject } from '../values.ts';

const ATTRIBUTES = ['labels'] as const;

const seen = ({ platform, now }: Request, withLabels: boolean) => ({
  user: platform.seed.user,
  now,
  links: platform.dataLinks.all(now),
  withLabels,
});

function list(request: Request) {
  const { platform, query, principal, now } = request;
  const { workspace } = platform.access(query, principal, 'studio:read');
  const limits = page(query, 'Studios', 100);
  const withLabels = attributes(query, ATTRIBUTES).has('labels');
  const { free, keywords } = searchTerms(text(query, 'search'), [
    'status',
    'userId',
    'username',
    'computeEnvName',
    'is',
  ] as const);
  const matches = matchesName(free);
  const { user } = platform.seed;
  const values = (studio: Studio) => ({
    status: statusAt(studio, now),
    userId: String(user.id),
    username: user.userName,
    computeEnvName: studio.computeEnv.name,
    is: '',
  });
  const found = platform.studios
    .inWorkspace(workspace)
    .filter(
      (studio) =>
        matches(studio.name) &&
        keywords.every(({ keyword, value }) => values(studio)[keyword].toLowerCase() === value.toLowerCase()),
    );
  return ok({
    studios: cut(found, limits).map((studio) => studioBody(studio, seen(request, withLabels))),
    totalSize: found.length,
  });
}

/** @throws ApiError 404 for one that is not there, or in another workspace */
function requested({ platform, query, principal, params }: Request, permission: Permission): Studio {
  const { workspace } = platform.access(query, principal, permission);
  const studio = platform.studios.all.find(({ id }) => id === params.sessionId);
  if (studio?.workspace !== workspace) throw notFound(`Studio '${params.sessionId}' not found`);
  return studio;
}

function describe(request: Request) {
  const studio = requested(request, 'studio:read');
  const body = studioBody(studio, seen(request, true));
  return request.now < studio.mountedAt ? accepted(body) : ok(body);
}

function create(request: Request) {
  const { platform, query, principal, body, now } = request;
  const { workspace } = platform.access(query, principal, 'studio:write');
  const posted = asObject(body);
  const name = checkedName(posted.name);
  if (platform.studios.inWorkspace(workspace).some((studio) => studio.name === name))
    throw conflict(`A studio with name '${name}' exists already`);
  if (typeof posted.computeEnvId !== 'string' || posted.computeEnvId === '')
    throw badRequest('Compute environment cannot be empty');
  const computeEnv = workspace.computeEnvs.find(({ id }) => id === posted.computeEnvId);
  if (!computeEnv) throw notFound(`Compute environment '${posted.computeEnvId}' not found`);
  if (computeEnv.platform !== 'aws-batch')
    throw badRequest(`Studios cannot run on a compute environment of platform '${computeEnv.platform}'`);
  if (computeEnv.status !== 'AVAILABLE') throw badRequest(`Compute environment '${computeEnv.name}' is not available`);
  const remoteConfig = isObject(posted.remoteConfig) ? posted.remoteConfig : null;
  const tool = checkedText('container', posted.dataStudioToolUrl) || null;
  if (tool === null && remoteConfig === null) throw badRequest('Studio container cannot be empty');
  const configuration = checkedConfiguration(posted.configuration);
  if (configuration.condaEnvironment && !TEMPLATES.some(({ repository }) => repository === tool))
    throw badRequest('Conda packages can be added to the templates of the Platform only');

  const studio: Studio = {
    id: platform.random.hex(8),
    name,
    description: checkedText('description', posted.description),
    workspace,
    computeEnv,
    tool,
    remoteConfig,
    configuration,
    mounts: mountsOf(configuration, platform.dataLinks.all(now), workspace),
    labels: labelsOf(posted.labelIds, workspace),
    isPrivate: posted.isPrivate === true,
    spot: typeof posted.spot === 'boolean' ? posted.spot : null,
    parentCheckpoint: parentOf(request, posted.initialCheckpointId),
    request: posted,
    createdAt: now,
    startedAt: null,
    course: [],
    sessions: [],
    mountedAt: now,
    rule: platform.studios.takeRule(name, tool),
  };
  const autoStart = flag(query, 'autoStart') ?? true;
  if (autoStart) start(studio, now, platform.studios.nextCheckpoint());
  else studio.course = [{ at: now, status: 'stopped', message: '', stopReason: null }];
  platform.studios.add(studio);
  return { status: autoStart ? 201 : 200, body: { studio: studioBody(studio, seen(request, true)) } };
}

function parentOf({ platform }: Request, checkpointId: unknown): Studio['parentCheckpoint'] {
  if (checkpointId === undefined || checkpointId === null) return null;
  for (const studio of platform.studios.all)
    for (const session of studio.sessions) if (session.checkpointId === checkpointId) return { studio, session };
  throw notFound(`Checkpoint '${String(checkpointId)}' not found`);
}

const refused = (studio: Studio, what: string, now: number) =>
  badRequest(`Studio '${studio.name}' cannot be ${what} while it is ${statusAt(studio, now)}`);

const submitted = (studio: Studio, now: number) =>
  ok({ jobSubmitted: true, sessionId: studio.id, statusInfo: statusInfoBody(studio, now) });

/** What is given with a start takes the place of what was. */
function startAgain(request: Request) {
  const { platform, body, now } = request;
  const studio = requested(request, 'studio:execute');
  if (!OVER.includes(statusAt(studio, now))) throw refused(studio, 'started', now);
  const { configuration, name, description, labelIds, spot } = asObject(body);
  const chosen = isObject(configuration)
    ? checkedConfiguration({ ...studio.configuration, ...configuration })
    : studio.configuration;
  const mounts = mountsOf(chosen, platform.dataLinks.all(now), studio.workspace);
  const labels = Array.isArray(labelIds) ? labelsOf(labelIds, studio.workspace) : studio.labels;
  const named = name === undefined || name === null ? studio.name : checkedName(name);
  const others = platform.studios.inWorkspace(studio.workspace).filter((one) => one !== studio);
  if (others.some((one) => one.name === named)) throw badRequest(`A studio with name '${named}' exists already`);
  if (typeof description === 'string') studio.description = checkedText('description', description);
  if (typeof spot === 'boolean') studio.spot = spot;
  Object.assign(studio, { configuration: chosen, mounts, labels, name: named });
  start(studio, now, platform.studios.nextCheckpoint());
  return submitted(studio, now);
}

function stopIt(request: Request) {
  const { now } = request;
  const studio = requested(request, 'studio:execute');
  const status = statusAt(studio, now);
  if (status !== 'running' && status !== 'building') throw refused(studio, 'stopped', now);
  stop(studio, now);
  return submitted(studio, now);
}

function extend(request: Request) {
  const studio = requested(request, 'studio:execute');
  if (statusAt(studio, request.now) !== 'running') throw refused(studio, 'extended', request.now);
  if (lifespanHours(studio) === 0) throw badRequest(`Studio '${studio.name}' has no lifespan that could be extended`);
  extendLifespan(studio, request.now);
  return ok(studioBody(studio, seen(request, true)));
}

function remove(request: Request) {
  const studio = requested(request, 'studio:delete');
  if (!OVER.includes(statusAt(studio, request.now))) throw refused(studio, 'deleted', request.now);
  request.platform.studios.remove(studio);
  return noContent();
}

function checkpoints(request: Request) {
  const { platform, query, now } = request;
  const studio = requested(request, 'studio:read');
  const limits = page(query, 'Checkpoints', 100);
  const matches = matchesName(text(query, 'search'));
  const found = studio.sessions.filter(({ name }) => matches(name)).reverse();
  return ok({
    checkpoints: cut(found, limits).map((session) => checkpointBody(studio, session, platform.seed.user, now)),
    totalSize: found.length,
  });
}

function checkpoint(request: Request) {
  const { platform, params, now } = request;
  const studio = requested(request, 'studio:read');
  const session = studio.sessions.find(({ checkpointId }) => String(checkpointId) === params.checkpointId);
  if (!session) throw notFound(`Checkpoint '${params.checkpointId}' not found`);
  return ok(checkpointBody(studio, session, platform.seed.user, now));
}

function templates({ platform, query, principal }: Request) {
  platform.access(query, principal, 'studio:read');
  const limits = page(query, 'Templates', 100);
  return ok({ templates: cut(TEMPLATES, limits), totalSize: TEMPLATES.length });
}

/** Its refusals have no body. */
function validate({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal, 'studio:read');
  const name = text(query, 'name');
  if (name === undefined) throw new ApiError(400, undefined);
  if (platform.studios.inWorkspace(workspace).some((studio) => studio.name === name))
    throw new ApiError(409, undefined);
  return noContent();
}

export const studioRoutes: readonly Route[] = [
  { method: 'GET', template: '/studios', handle: list },
  { method: 'POST', template: '/studios', handle: create },
  { method: 'GET', template: '/studios/templates', handle: templates },
  { method: 'GET', template: '/studios/validate', handle: validate },
  { method: 'GET', template: '/studios/{sessionId}', handle: describe },
  { method: 'DELETE', template: '/studios/{sessionId}', handle: remove },
  { method: 'PUT', template: '/studios/{sessionId}/start', handle: startAgain },
  { method: 'PUT', template: '/studios/{sessionId}/stop', handle: stopIt },
  { method: 'POST', template: '/studios/{sessionId}/lifespan', handle: extend },
  { method: 'GET', template: '/studios/{sessionId}/checkpoints', handle: checkpoints },
  { method: 'GET', template: '/studios/{sessionId}/checkpoints/{checkpointId}', handle: checkpoint },
];
