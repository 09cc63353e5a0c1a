import type { PlatformClient } from '../lib/client.ts';
import { defineNode, type RunContext } from '../lib/define-node.ts';
import { invalidInput } from '../lib/errors.ts';
import { labelIds } from '../lib/labels.ts';
import { LaunchJobs, type Prepared } from '../lib/launch-jobs.ts';
import { requestOf, requestOfMessage, resumeRequest, withComputeEnv } from '../lib/launch-request.ts';
import { findPipeline } from '../lib/launchpad.ts';
import type { NodeHost } from '../lib/node-host.ts';
import { mergeParams } from '../lib/params.ts';
import type { Message } from '../lib/red.ts';
import { singleFlightOf } from '../lib/single-flight.ts';
import { evaluateTyped, isPlainObject, names, object, type PlainObject, text } from '../lib/typed-input.ts';

const inputs = {
  launchpadName: text(),
  paramsKey: object(),
  runName: text(),
  resumeWorkflowId: text(),
  labels: names(),
  sourceWorkspaceId: text(),
};

const key = { idempotencyKey: text() };

export default defineNode('seqera-workflow-launch', (host) => {
  new LaunchJobs(host, {
    idempotencyKey: async (msg) => (await host.evaluate({ ...inputs, ...key }, msg)).idempotencyKey,
    prepare: async (msg, client) => prepareLaunch({ host, msg, inputs: await host.evaluate(inputs, msg), client }),
  }).start();
});

type Context = Pick<RunContext<typeof inputs>, 'host' | 'msg' | 'inputs' | 'client'>;

/** What to launch: a run again, a pipeline of the launchpad, or what the message holds; with parameters and labels. */
async function prepareLaunch({ host, msg, inputs: values, client }: Context): Promise<Prepared> {
  const given = values.sourceWorkspaceId === '' ? undefined : values.sourceWorkspaceId;
  let prepared: Prepared;
  if (values.resumeWorkflowId !== '') {
    const request = await resumeRequest(client, values.resumeWorkflowId);
    prepared = { request, sourceWorkspaceId: given, needs: 'role Launch' };
  } else if (values.launchpadName !== '') {
    prepared = await fromLaunchpad(client, values.launchpadName, given, host.signal);
  } else {
    prepared = {
      request: requestOfMessage(msg),
      sourceWorkspaceId: given,
      needs: 'role Maintain for a launch by repository',
    };
  }
  const { request } = prepared;
  const base = typeof request.paramsText === 'string' ? request.paramsText : undefined;
  const paramsText = await mergeParams(base, values.paramsKey, await listedParams(host, msg));
  const ids = await labelIds(client, values.labels, host.signal);
  const own = Array.isArray(request.labelIds) ? (request.labelIds as unknown[]).map(Number) : [];
  return {
    ...prepared,
    request: {
      ...request,
      ...(paramsText === undefined ? {} : { paramsText }),
      ...(ids.length > 0 ? { labelIds: [...new Set([...own, ...ids])] } : {}),
      ...(values.runName === '' ? {} : { runName: values.runName }),
    },
  };
}

async function fromLaunchpad(
  client: PlatformClient,
  name: string,
  given: string | undefined,
  signal: AbortSignal,
): Promise<Prepared> {
  const { pipeline, sourceWorkspaceId } = await findPipeline(client, name, given, signal);
  const key = JSON.stringify(['launch settings', client.workspaceId, pipeline.pipelineId]);
  const config = await singleFlightOf(client.http).do(
    key,
    async () => withComputeEnv(client, requestOf(await client.pipelineLaunch(pipeline.pipelineId, sourceWorkspaceId))),
    signal,
  );
  const request = { ...(pipeline.repository ? { pipeline: pipeline.repository } : {}), ...config };
  return { request, sourceWorkspaceId, needs: 'role Launch, or Maintain when settings of the pipeline are changed' };
}

/** The list of parameters of the node, each a typed input. What a message does not hold is left as the pipeline has it. */
async function listedParams(host: NodeHost, msg: Message): Promise<PlainObject> {
  const list = host.config.params;
  const params: PlainObject = {};
  for (const row of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isPlainObject(row)) continue;
    const name = String(row.name ?? '').trim();
    const type = typeof row.valueType === 'string' && row.valueType !== '' ? row.valueType : 'str';
    if (name === '') continue;
    const value = await evaluateTyped(host.RED, host.node, row.value, type, msg, `Parameter ${name}`);
    if (typeof value === 'number' && !Number.isFinite(value)) throw invalidInput(`Parameter ${name} must be a number`);
    if (value !== undefined) params[name] = value;
  }
  return params;
}
