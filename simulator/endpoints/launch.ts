import type { ComputeEnv, Label, LaunchConfig, Pipeline } from '../entities.ts';
import { badRequest, forbidden } from '../errors.ts';
import { readLaunch } from '../launch-request.ts';
import type { Access } from '../platform.ts';
import { demand } from '../principals.ts';
import { integer } from '../query.ts';
import { ok, type Request, type Route } from '../router.ts';
import { hasStarted, isLive, type Run } from '../run.ts';
import { isRunName } from '../run-name.ts';
import type { RunRules } from '../run-rules.ts';
import { checkComputeEnv, paramsOf, submitRun } from '../submit-run.ts';
import { asObject } from '../values.ts';

export const LABELS_PER_RUN = 25;
/** Cloning over HTTP or SSH: a short `owner/name` is no repository to the Platform. */
const REPOSITORY = /^(?:https?:\/\/|ssh:\/\/|git@)[^\s]+$/;

/** What a user of role Launch must leave as the launchpad has it. Params, names and labels may vary. */
const PIPELINE_DETAILS = [
  'pipeline',
  'revision',
  'configText',
  'configProfiles',
  'preRunScript',
  'postRunScript',
  'mainScript',
  'entryName',
  'schemaName',
  'towerConfig',
] as const satisfies readonly (keyof LaunchConfig)[];

interface Source {
  /** Launched from this launchpad pipeline, or from a run of it. */
  pipeline: Pipeline | null;
  /** The run that is launched again. */
  run: Run | null;
}

function sourceOf({ platform, query }: Request, { workspace }: Access, id: string | undefined): Source {
  if (id === undefined) return { pipeline: null, run: null };
  const pipeline = platform.pipelineByLaunch(id);
  if (pipeline) {
    if (!platform.isVisible(pipeline, workspace, integer(query, 'sourceWorkspaceId'))) throw forbidden();
    return { pipeline, run: null };
  }
  const run = platform.runs.byLaunch(id);
  if (run?.workspace !== workspace) throw badRequest(`Unknown launch with ID: ${id}`);
  return { pipeline: run.pipeline, run };
}

const same = (a: unknown, b: unknown) => JSON.stringify(emptied(a)) === JSON.stringify(emptied(b));
const emptied = (value: unknown) =>
  value === '' || (Array.isArray(value) && value.length === 0) ? null : (value ?? null);

function checkRole({ role }: Access, { pipeline, run }: Source, launch: LaunchConfig): void {
  demand(role, 'workflow:execute');
  const original = run?.launch ?? pipeline?.launch;
  if (!original) demand(role, 'workflow_quick:execute');
  // A resume pins the commit of the run in place of the branch: that is no change of the pipeline.
  else if (PIPELINE_DETAILS.some((name) => !(run && name === 'revision') && !same(launch[name], original[name])))
    demand(role, 'pipeline:write');
}

function chooseComputeEnv({ workspace }: Access, id: string | undefined): ComputeEnv {
  if (id === undefined) {
    const primary = workspace.computeEnvs.find((computeEnv) => computeEnv.primary);
    if (primary) return primary;
    throw badRequest('Missing launching environment profile');
  }
  const chosen = workspace.computeEnvs.find((computeEnv) => computeEnv.id === id);
  if (chosen) return chosen;
  throw badRequest(`Unknown compute environment with ID: ${id}`);
}

function labelsOf(access: Access, { pipeline }: Source, ids: readonly number[]): Label[] {
  const chosen = ids.map((id) => access.workspace.labels.find((label) => label.id === id));
  if (chosen.includes(undefined)) throw badRequest('Labels not found');
  const inherited = pipeline?.workspace === access.workspace ? pipeline.labels : [];
  const added = chosen.filter((label) => label !== undefined && !inherited.includes(label)) as Label[];
  if (added.some(({ resource }) => resource)) demand(access.role, 'pipeline_label:write');
  const labels = [...new Set([...inherited, ...added])];
  if (labels.length > LABELS_PER_RUN) throw badRequest(`A run cannot have more than ${LABELS_PER_RUN} labels`);
  return labels;
}

interface Session {
  sessionId: string;
  resume: boolean;
}

/** It is a resume when the id is that of a run and `resume` is set; then the run's place and session are bound. */
function sessionOf(request: Request, run: Run | null, launch: Record<string, unknown>, config: LaunchConfig): Session {
  const { platform, now } = request;
  if (launch.resume !== true) return { sessionId: platform.random.uuid(), resume: false };
  const sessionId = typeof launch.sessionId === 'string' ? launch.sessionId : null;
  if (!sessionId) throw badRequest("Field 'sessionId' with value 'null' must not be null");
  if (platform.runs.inSession(sessionId).some((one) => isLive(one, now)))
    throw badRequest(`Session ID '${sessionId}' is already in use by another run`);
  if (!run) throw badRequest(`Cannot resume: launch '${String(launch.id ?? null)}' does not belong to a run`);
  if ((!config.revision && !config.commitId) || !hasStarted(run, now)) throw badRequest('Missing launch revision ID');
  if (run.sessionId !== sessionId) throw badRequest(`Session ID '${sessionId}' does not match the resumed run`);
  if (run.launch.pipeline !== config.pipeline) throw badRequest('Pipeline does not match the resumed run');
  if (run.workDir !== config.workDir) throw badRequest('Work directory does not match the resumed run');
  return { sessionId, resume: true };
}

function runNameOf({ platform }: Request, given: string | undefined, sessionId: string): string {
  if (given === undefined) return platform.random.runName();
  if (!isRunName(given)) throw badRequest(`Invalid run name: ${given}`);
  // Names are unique within a session only: two fresh launches of one name are two runs.
  if (platform.runs.named(given).some((run) => run.sessionId === sessionId))
    throw badRequest(`Run name '${given}' is already used in session '${sessionId}'`);
  return given;
}

export function launchRoutes(rules: RunRules): readonly Route[] {
  const launchRun = (request: Request) => {
    const { platform, query, principal, body } = request;
    const access = platform.access(query, principal);
    const posted = asObject(asObject(body).launch);
    const { launch, id, computeEnvId, labelIds, runName } = readLaunch(posted);
    if (!REPOSITORY.test(launch.pipeline)) throw badRequest(`Invalid pipeline URL: ${launch.pipeline}`);
    const source = sourceOf(request, access, id);
    checkRole(access, source, launch);
    const computeEnv = chooseComputeEnv(access, computeEnvId);
    checkComputeEnv(computeEnv);
    const labels = labelsOf(access, source, labelIds);
    const params = paramsOf(launch);
    const { sessionId, resume } = sessionOf(request, source.run, posted, launch);
    const name = runNameOf(request, runName, sessionId);

    const workflowId = submitRun(request, rules, {
      workspace: access.workspace,
      pipeline: source.pipeline,
      computeEnv,
      launch,
      posted,
      params,
      labels,
      sessionId,
      resume,
      runName: name,
    });
    return ok({ workflowId });
  };
  return [{ method: 'POST', template: '/workflow/launch', handle: launchRun }];
}
