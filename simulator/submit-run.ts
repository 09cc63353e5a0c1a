import { parse as parseYaml } from 'yaml';
import { CONFIG_TEXT_LIMIT, PARAMS_TEXT_LIMIT } from './endpoints/identity.ts';
import type { ComputeEnv, LaunchConfig } from './entities.ts';
import { ApiError, badRequest } from './errors.ts';
import { commitOf } from './random.ts';
import type { Request } from './router.ts';
import { courseOf, type Run } from './run.ts';
import type { RunRules } from './run-rules.ts';
import { isObject } from './values.ts';

/** Pre-flight: one blocker is an ordinary error, several are listed. */
export function checkComputeEnv({ name, status, credentialsValid }: ComputeEnv): void {
  const errors: { code: string; message: string }[] = [];
  if (status !== 'AVAILABLE')
    errors.push({ code: 'COMPUTE_ENV_INVALID', message: `Compute environment '${name}' is not available: ${status}` });
  if (!credentialsValid)
    errors.push({ code: 'CREDENTIALS_INVALID', message: `Credentials of compute environment '${name}' are invalid` });
  const [first] = errors;
  if (!first) return;
  const message = errors.map((error) => error.message).join('; ');
  throw new ApiError(400, errors.length === 1 ? { message: first.message } : { message, errors });
}

/** @throws ApiError 400 for what is neither JSON nor YAML, is no object, or is too long */
export function paramsOf(launch: LaunchConfig): Record<string, unknown> {
  const { paramsText, configText } = launch;
  if (configText && Buffer.byteLength(configText) > CONFIG_TEXT_LIMIT)
    throw badRequest(`Launch config text exceeds the maximum size of ${CONFIG_TEXT_LIMIT} bytes`);
  if (!paramsText?.trim()) return {};
  let params: unknown;
  try {
    params = parseYaml(paramsText);
  } catch {
    throw badRequest('Invalid pipeline parameters: neither JSON nor YAML');
  }
  if (params === null) return {};
  if (!isObject(params)) throw badRequest('Invalid pipeline parameters: expected an object');
  if (Buffer.byteLength(JSON.stringify(params)) > PARAMS_TEXT_LIMIT)
    throw badRequest(`Launch params text exceeds the maximum size of ${PARAMS_TEXT_LIMIT} bytes`);
  return params;
}

export interface Submission
  extends Pick<
    Run,
    'workspace' | 'pipeline' | 'computeEnv' | 'launch' | 'params' | 'labels' | 'sessionId' | 'resume' | 'runName'
  > {
  posted: Record<string, unknown>;
}

/** The id of the run that comes of it. */
export function submitRun({ platform, principal, now }: Request, rules: RunRules, submission: Submission): string {
  const { posted, launch, computeEnv, pipeline, runName, params, labels, resume, ...rest } = submission;
  const id = platform.random.id(14);
  const rule = rules.take({ pipeline: pipeline?.name ?? launch.pipeline, runName, params, labels });
  const base = launch.workDir ?? computeEnv.workDir;
  const revision = launch.revision ?? 'master';
  platform.runs.add({
    ...rest,
    id,
    launchId: platform.random.id(22),
    runName,
    token: principal.token,
    pipeline,
    computeEnv,
    launch: { ...launch, workDir: base },
    request: posted,
    params,
    labels,
    // Each run works in a folder of its own, and a resumed one in that of the run before it.
    workDir: resume ? base : `${base}/${id}`,
    commitId: /^[0-9a-f]{40}$/.test(revision) ? revision : commitOf(launch.pipeline, revision),
    resume,
    operationId: platform.random.uuid(),
    ...courseOf(rule, now),
  });
  return id;
}
