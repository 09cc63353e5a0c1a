import type { LaunchConfig } from './entities.ts';
import { badRequest } from './errors.ts';

const TEXTS = [
  'revision',
  'commitId',
  'workDir',
  'paramsText',
  'configText',
  'preRunScript',
  'postRunScript',
  'mainScript',
  'entryName',
  'schemaName',
  'towerConfig',
  'launchContainer',
  'nextflowVersion',
  'outputDir',
] as const;
const LISTS = ['configProfiles', 'userSecrets', 'workspaceSecrets'] as const;
const FLAGS = ['pullLatest', 'stubRun'] as const;
const NUMBERS = ['headJobCpus', 'headJobMemoryMb'] as const;
const LONGEST_REVISION = 100;
const LONGEST_POST_RUN_SCRIPT = 1024;

export interface LaunchRequest {
  id: string | undefined;
  computeEnvId: string | undefined;
  runName: string | undefined;
  labelIds: number[];
  launch: LaunchConfig;
}

const wrongType = (name: string, value: unknown) =>
  badRequest(`Failed to convert argument [${name}] for value [${JSON.stringify(value)}]`);

function textField(launch: Record<string, unknown>, name: string): string | undefined {
  const value = launch[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw wrongType(name, value);
  return value;
}

function labelIdsOf(value: unknown): number[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType('labelIds', value);
  // Numbers written as text are taken, as the Platform's reader of JSON takes them.
  const ids = value.map(Number);
  if (!ids.every(Number.isSafeInteger)) throw wrongType('labelIds', value);
  return ids;
}

/** Fields that it does not know are passed over, as the Platform does. @throws ApiError 400 */
export function readLaunch(launch: Record<string, unknown>): LaunchRequest {
  const config: LaunchConfig = { pipeline: textField(launch, 'pipeline') ?? 'null' };
  for (const name of TEXTS) {
    const value = textField(launch, name);
    if (value !== undefined) config[name] = value;
  }
  for (const name of LISTS) {
    const value = launch[name] ?? [];
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw wrongType(name, value);
    if (value.length > 0) config[name] = value;
  }
  for (const name of FLAGS) {
    const value = launch[name] ?? false;
    if (typeof value !== 'boolean') throw wrongType(name, value);
    if (value) config[name] = value;
  }
  for (const name of NUMBERS) {
    const value = launch[name] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, value);
    config[name] = value;
  }
  const parser = textField(launch, 'syntaxParser');
  if (parser === 'v1' || parser === 'v2') config.syntaxParser = parser;
  else if (parser !== undefined) throw wrongType('syntaxParser', parser);
  if ((config.revision?.length ?? 0) > LONGEST_REVISION)
    throw badRequest(`Revision cannot be longer than ${LONGEST_REVISION} characters`);
  if (Buffer.byteLength(config.postRunScript ?? '') > LONGEST_POST_RUN_SCRIPT)
    throw badRequest(`Post-run script cannot be longer than ${LONGEST_POST_RUN_SCRIPT} bytes`);
  return {
    id: textField(launch, 'id'),
    computeEnvId: textField(launch, 'computeEnvId'),
    runName: textField(launch, 'runName'),
    labelIds: labelIdsOf(launch.labelIds),
    launch: config,
  };
}
