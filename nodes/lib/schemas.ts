import * as v from 'valibot';
import { SeqeraError } from './errors.ts';

// Only what the nodes read is described. Objects are loose and enumerations are strings: the Platform adds fields and
// values without a new version of its API, and what it adds reaches the flow.

const id = v.union([v.number(), v.string()]);
const text = v.nullish(v.string());
const number = v.nullish(v.number());
const flag = v.nullish(v.boolean());

const user = v.looseObject({ id: v.number(), userName: text, email: text, firstName: text, lastName: text });
export const userInfo = v.looseObject({ user, defaultWorkspaceId: number });

export const serviceInfo = v.looseObject({
  serviceInfo: v.looseObject({ version: text, apiVersion: text, userWorkspaceEnabled: flag }),
});

const workspace = v.looseObject({
  orgId: number,
  orgName: text,
  workspaceId: number,
  workspaceName: text,
  workspaceFullName: text,
  visibility: text,
  roles: v.nullish(v.array(v.string())),
});
export const workspaces = v.looseObject({ orgsAndWorkspaces: v.nullish(v.array(workspace)) });

const label = v.looseObject({ id: v.number(), name: v.string(), value: text, resource: flag });
export const labels = v.looseObject({ labels: v.nullish(v.array(label)), totalSize: number });
export const createdLabel = label;

const pipeline = v.looseObject({
  pipelineId: id,
  name: v.string(),
  description: text,
  repository: text,
  workspaceId: number,
  workspaceName: text,
  orgName: text,
  visibility: text,
});
export const pipelines = v.looseObject({ pipelines: v.nullish(v.array(pipeline)), totalSize: number });

const launch = v.looseObject({
  id: text,
  pipeline: text,
  revision: text,
  workDir: text,
  paramsText: text,
  sessionId: text,
  resumeDir: text,
  resumeCommitId: text,
  computeEnv: v.nullish(v.looseObject({ id: text })),
});
export const launchConfig = v.looseObject({ launch });

export const launched = v.looseObject({ workflowId: v.pipe(v.string(), v.nonEmpty()) });
export const randomName = v.looseObject({ name: v.pipe(v.string(), v.nonEmpty()) });

const computeEnv = v.looseObject({
  id: v.string(),
  name: v.string(),
  platform: text,
  status: text,
  primary: flag,
  workDir: text,
});
export const computeEnvs = v.looseObject({ computeEnvs: v.nullish(v.array(computeEnv)) });

const workflow = v.looseObject({
  id: v.string(),
  status: text,
  runName: text,
  sessionId: text,
  launchId: text,
  workDir: text,
  repository: text,
  submit: text,
  dateCreated: text,
  complete: text,
});
const runElement = v.looseObject({ workflow });
export const runs = v.looseObject({ workflows: v.nullish(v.array(runElement)), totalSize: number, hasMore: flag });
export const run = runElement;

const studio = v.looseObject({
  sessionId: v.string(),
  name: text,
  description: text,
  studioUrl: text,
  dateCreated: text,
  statusInfo: v.nullish(v.looseObject({ status: text, message: text, stopReason: text })),
  computeEnv: v.nullish(v.looseObject({ id: text, name: text })),
});
export const describedStudio = studio;
export const studios = v.looseObject({ studios: v.nullish(v.array(studio)), totalSize: number });
export const createdStudio = v.looseObject({ studio });
/** Of a start, a stop, and (a whole studio) of an extension. */
export const changedStudio = v.looseObject({ sessionId: v.string() });

const action = v.looseObject({ id: v.string(), name: text, pipeline: text, source: text, status: text });
export const actions = v.looseObject({ actions: v.nullish(v.array(action)) });

export type UserInfo = v.InferOutput<typeof userInfo>;
export type ServiceInfo = v.InferOutput<typeof serviceInfo>;
export type Workspace = v.InferOutput<typeof workspace>;
export type Label = v.InferOutput<typeof label>;
export type Pipeline = v.InferOutput<typeof pipeline>;
export type LaunchConfig = v.InferOutput<typeof launch>;
export type ComputeEnv = v.InferOutput<typeof computeEnv>;
export type Workflow = v.InferOutput<typeof workflow>;
export type Run = v.InferOutput<typeof runElement>;
export type Runs = v.InferOutput<typeof runs>;
export type Studio = v.InferOutput<typeof studio>;
export type Action = v.InferOutput<typeof action>;

/** @throws SEQERA_BAD_ANSWER that names the place and never the value: a value could be anything. */
export function readAnswer<S extends v.GenericSchema>(schema: S, body: unknown, what: string): v.InferOutput<S> {
  // A list has no properties to be missing, so an object of optional ones would take it.
  const result = v.safeParse(schema, Array.isArray(body) ? undefined : body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = issue ? (v.getDotPath(issue) ?? 'the whole body') : 'the whole body';
  throw new SeqeraError(
    'SEQERA_BAD_ANSWER',
    `${what} failed: the answer is not as the Platform API describes it: ${place} should be ${issue?.expected ?? 'something else'}.`,
    // Whoever asked may ask again: a body can be garbled on its way.
    { outcome: 'unknown', transient: true },
  );
}
