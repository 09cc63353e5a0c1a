import { addStudio } from '../lib/add-studio.ts';
import type { PlatformClient } from '../lib/client.ts';
import { findComputeEnv } from '../lib/compute-envs.ts';
import { findDataLink } from '../lib/data-link.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { invalidInput, SeqeraError } from '../lib/errors.ts';
import { flag, isPlainObject, names, text, whole } from '../lib/typed-input.ts';

const LONGEST_NAME = 80;
const LONGEST_TEXT = 2048;
const MOST = 2 ** 31 - 1;

export default defineCallingNode({
  type: 'seqera-studios-add',
  doing: 'adding',
  inputs: {
    studioName: text({ required: true }),
    containerUri: text({ required: true }),
    computeEnvId: text({ required: true }),
    description: text(),
    mountData: names(),
    cpu: whole({ most: MOST }),
    memory: whole({ most: MOST }),
    gpu: whole({ most: MOST }),
    condaEnvironment: text(),
    lifespanHours: whole({ most: MOST }),
    initialCheckpointId: whole(),
    isPrivate: flag({ initial: false }),
    spot: flag({ initial: false }),
    autoStart: flag({ initial: true }),
  },
  async run({ client, host, inputs }) {
    const { studioName, description, condaEnvironment, lifespanHours, initialCheckpointId } = inputs;
    tooLong('studioName', studioName, LONGEST_NAME);
    tooLong('description', description, LONGEST_TEXT);
    tooLong('condaEnvironment', condaEnvironment, LONGEST_TEXT);
    const computeEnv = await findComputeEnv(client, inputs.computeEnvId);
    const mounts = await dataLinkIds(client, inputs.mountData, host.signal);
    const answer = await addStudio(
      client,
      {
        name: studioName,
        dataStudioToolUrl: inputs.containerUri,
        computeEnvId: computeEnv.id,
        ...(description === '' ? {} : { description }),
        configuration: {
          // 0 is what old flows say for the default.
          cpu: inputs.cpu || 2,
          memory: inputs.memory || 8192,
          gpu: inputs.gpu ?? 0,
          ...(condaEnvironment === '' ? {} : { condaEnvironment }),
          ...(lifespanHours === undefined ? {} : { lifespanHours }),
          ...(mounts.length === 0 ? {} : { mountDataV2: mounts.map((dataLinkId) => ({ dataLinkId })) }),
        },
        ...(initialCheckpointId === undefined ? {} : { initialCheckpointId }),
        isPrivate: inputs.isPrivate,
        // Where compute environments know no spot instances, even `false` is refused.
        ...(inputs.spot ? { spot: true } : {}),
      },
      inputs.autoStart,
      host.signal,
    );
    const studio = isPlainObject(answer.studio) ? answer.studio : {};
    return { set: { payload: answer, studioId: studio.sessionId }, status: `added ${studioName}` };
  },
});

function tooLong(name: string, value: string, most: number): void {
  if (value.length > most) throw invalidInput(`${name} has ${value.length} characters, and ${most} is the most`);
}

/** Each once, in the order of the names. */
async function dataLinkIds(client: PlatformClient, wanted: readonly string[], signal: AbortSignal): Promise<string[]> {
  const ids = new Set<string>();
  for (const name of wanted) {
    try {
      ids.add((await findDataLink(client, name, { signal })).id);
    } catch (error) {
      if (!(error instanceof SeqeraError) || !error.code.endsWith('NAME')) throw error;
      throw new SeqeraError(error.code, `mountData: ${error.message}`);
    }
  }
  return [...ids];
}
