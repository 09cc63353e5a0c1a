import { badRequest, conflict } from '../errors.ts';
import { progress, tasks } from '../progress.ts';
import { attributes, cut, flag, oneOf, page, text } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { endRun, isLive, type Run } from '../run.ts';
import { describedRun, listedRun, RUN_ATTRIBUTES, runLaunchBody, taskBody } from '../run-bodies.ts';
import { isRunName } from '../run-name.ts';
import { searchRuns } from '../run-search.ts';

/** The compute environment takes a moment to kill the head job. */
const CANCEL_TAKES = 1000;

function list({ platform, query, principal, now }: Request) {
  const { workspace } = platform.access(query, principal, 'workflow:read');
  const { user } = platform.seed;
  const wanted = attributes(query, RUN_ATTRIBUTES);
  const limits = page(query, 'Workflows', 50);
  const countAll = flag(query, 'includeTotalSize') ?? false;
  const found = searchRuns(platform.runs, { workspace, user, now }, text(query, 'search'), limits, countAll);
  return ok({
    workflows: found.runs.map((run) => listedRun(run, user, wanted, now)),
    ...(found.totalSize === undefined ? {} : { totalSize: found.totalSize }),
    hasMore: found.hasMore,
  });
}

function requested({ platform, query, principal, params }: Request): Run {
  const { workspace } = platform.access(query, principal, 'workflow:read');
  return platform.run(params.workflowId ?? '', workspace);
}

function describe(request: Request) {
  const wanted = attributes(request.query, RUN_ATTRIBUTES);
  return ok(describedRun(requested(request), request.platform.seed.user, wanted, request.now));
}

function cancel(request: Request) {
  const { platform, query, principal, now } = request;
  platform.access(query, principal, 'workflow:execute');
  const run = requested(request);
  if (!isLive(run, now)) throw badRequest(`Workflow '${run.id}' is not running`);
  const at = flag(query, 'force') ? now : now + CANCEL_TAKES;
  // Whoever finishes first wins: a run that ends by itself within that moment keeps its own end.
  if (at < run.completeAt) endRun(run, at, 'CANCELLED');
  return noContent();
}

function remove(request: Request) {
  const { platform, query, principal, now } = request;
  platform.access(query, principal, 'workflow:delete');
  const run = requested(request);
  if (isLive(run, now) && !flag(query, 'force')) throw badRequest(`Workflow '${run.id}' is still active`);
  platform.runs.remove(run);
  return noContent();
}

function listTasks(request: Request) {
  const { query, now } = request;
  const run = requested(request);
  const limits = page(query, 'Tasks', 100);
  const search = text(query, 'search')?.toLowerCase();
  const order = oneOf(query, 'sortBy', ['taskId', 'process', 'status', 'name'] as const) ?? 'taskId';
  const descending = text(query, 'sortDir')?.toLowerCase().startsWith('desc') ?? false;
  const found = [...tasks(run, now)].filter(
    ({ process, status, taskId }) =>
      search === undefined || `${process} (${taskId}) ${status}`.toLowerCase().includes(search),
  );
  if (order === 'process' || order === 'name') found.sort((a, b) => a.process.localeCompare(b.process));
  if (order === 'status') found.sort((a, b) => a.status.localeCompare(b.status));
  if (descending) found.reverse();
  return ok({ tasks: cut(found, limits).map((task) => taskBody(run, task, now)), total: found.length });
}

function randomName({ platform }: Request) {
  let name = platform.random.runName();
  for (let tries = 0; tries < 20 && platform.runs.named(name).length > 0; tries += 1) name = platform.random.runName();
  return ok({ name });
}

function validate({ platform, query }: Request) {
  const runName = text(query, 'runName');
  const sessionId = text(query, 'sessionId');
  if (!runName || !isRunName(runName)) throw badRequest(`Invalid run name: ${runName ?? 'null'}`);
  if (sessionId && platform.runs.named(runName).some((run) => run.sessionId === sessionId))
    throw conflict(`Run name '${runName}' and session ID '${sessionId}' exist already`);
  return noContent();
}

export const workflowRoutes: readonly Route[] = [
  { method: 'GET', template: '/workflow', handle: list },
  { method: 'GET', template: '/workflow/random-name', handle: randomName },
  { method: 'GET', template: '/workflow/validate', handle: validate },
  { method: 'GET', template: '/workflow/{workflowId}', handle: describe },
  { method: 'DELETE', template: '/workflow/{workflowId}', handle: remove },
  {
    method: 'GET',
    template: '/workflow/{workflowId}/launch',
    handle: (request) => ok({ launch: runLaunchBody(requested(request), request.now) }),
  },
  {
    method: 'GET',
    template: '/workflow/{workflowId}/progress',
    handle: (request) => ok({ progress: progress(requested(request), request.now) }),
  },
  { method: 'POST', template: '/workflow/{workflowId}/cancel', handle: cancel },
  { method: 'GET', template: '/workflow/{workflowId}/tasks', handle: listTasks },
];
