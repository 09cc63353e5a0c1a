import type { PlatformClient } from './client.ts';
import { invalidInput } from './errors.ts';
import { jsonText } from './json-text.ts';
import type { LaunchConfig } from './schemas.ts';
import { isPlainObject, type PlainObject } from './typed-input.ts';

/** What POST /workflow/launch takes. A launch configuration that was read holds more, which must not be sent back. */
const REQUEST_FIELDS = [
  'id',
  'computeEnvId',
  'runName',
  'pipeline',
  'workDir',
  'revision',
  'commitId',
  'pullLatest',
  'mainScript',
  'entryName',
  'schemaName',
  'pipelineSchemaId',
  'configProfiles',
  'configText',
  'towerConfig',
  'paramsText',
  'preRunScript',
  'postRunScript',
  'userSecrets',
  'workspaceSecrets',
  'labelIds',
  'headJobCpus',
  'headJobMemoryMb',
  'launchContainer',
  'optimizationId',
  'optimizationTargets',
  'resume',
  'sessionId',
  'stubRun',
  'dateCreated',
  'nextflowVersion',
  'outputDir',
  'syntaxParser',
] as const;

/** Of an earlier launch, and not of the one that is made. */
const NOT_OF_A_NEW_LAUNCH = new Set<string>(['runName', 'resume', 'sessionId', 'dateCreated', 'labelIds']);

/** Only in answers. A request that someone wrote by hand from one may hold them. */
const ANSWER_ONLY = [
  'computeEnv',
  'lastUpdated',
  'resumeLaunchId',
  'workspaceId',
  'pipelineId',
  'resumeDir',
  'resumeCommitId',
];

/** A new launch with the settings that were read. */
export function requestOf(config: LaunchConfig): PlainObject {
  const request: PlainObject = {};
  for (const field of REQUEST_FIELDS) {
    const value = config[field];
    if (value !== null && value !== undefined && !NOT_OF_A_NEW_LAUNCH.has(field)) request[field] = value;
  }
  const computeEnvId = config.computeEnv?.id;
  if (computeEnvId !== null && computeEnvId !== undefined) request.computeEnvId = computeEnvId;
  return request;
}

/** A pipeline without a compute environment, as shared ones are, runs on the workspace's primary one. */
export async function withComputeEnv(client: PlatformClient, request: PlainObject): Promise<PlainObject> {
  if (request.computeEnvId !== undefined) return request;
  const primary = (await client.computeEnvs('AVAILABLE')).find((each) => each.primary === true);
  if (!primary) return request;
  return { ...request, computeEnvId: primary.id, workDir: request.workDir ?? primary.workDir ?? undefined };
}

/** What a flow made itself: the object with a `launch` key in `msg.body`, else in `msg.payload`. */
export function requestOfMessage(msg: { body?: unknown; payload?: unknown }): PlainObject {
  for (const place of [msg.body, msg.payload]) {
    const holder = typeof place === 'string' ? parsed(place) : place;
    if (!isPlainObject(holder) || !isPlainObject(holder.launch)) continue;
    const request = JSON.parse(jsonText(holder.launch, 'The launch request of the message')) as PlainObject;
    const { computeEnv } = request;
    if (request.computeEnvId === undefined && isPlainObject(computeEnv)) request.computeEnvId = computeEnv.id;
    for (const field of ANSWER_ONLY) delete request[field];
    return request;
  }
  throw invalidInput(
    'There is nothing to launch: name a pipeline (launchpadName), or send an object with a "launch" key in msg.body or msg.payload',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A launch that resumes a run, with everything that the run was launched with. What died before it had any code cannot
 * be resumed and starts afresh with the same settings.
 */
export async function resumeRequest(client: PlatformClient, workflowId: string): Promise<PlainObject> {
  const [{ workflow }, config] = await Promise.all([client.run(workflowId), client.runLaunch(workflowId)]);
  const request = requestOf(config);
  const id = workflow.launchId ?? config.id;
  if (id !== null && id !== undefined) request.id = id;
  const sessionId = workflow.sessionId ?? config.sessionId;
  const commit = config.resumeCommitId;
  if (sessionId && commit) {
    // The commit is the revision now, and a second pin could contradict it.
    delete request.commitId;
    const workDir = config.resumeDir ?? config.workDir ?? workflow.workDir;
    return { ...request, resume: true, sessionId, revision: commit, ...(workDir ? { workDir } : {}) };
  }
  const workDir = config.workDir || workflow.workDir;
  return { ...request, resume: false, ...(workDir ? { workDir } : {}) };
}
