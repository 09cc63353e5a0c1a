import type { DataLink } from '../data-links/data-link.ts';
import type { Label, Workspace } from '../entities.ts';
import { badRequest, notFound } from '../errors.ts';
import { isObject } from '../values.ts';

const LONGEST_NAME = 80;
const LONGEST_TEXT = 2048;
const LONGEST_LIFESPAN = 120;
const WHOLE_NUMBERS = ['cpu', 'gpu', 'memory', 'lifespanHours'] as const;

export function checkedName(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= LONGEST_NAME) return name;
  throw badRequest(`Studio name must have between 1 and ${LONGEST_NAME} characters`);
}

export function checkedText(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw badRequest(`Failed to convert argument [${name}]`);
  if (value.length > LONGEST_TEXT) throw badRequest(`Studio ${name} cannot be longer than ${LONGEST_TEXT} characters`);
  return value;
}

/** @throws ApiError 400 for numbers that are none, or too large */
export function checkedConfiguration(value: unknown): Record<string, unknown> {
  const given = value ?? {};
  if (!isObject(given)) throw badRequest('Failed to convert argument [configuration]');
  for (const name of WHOLE_NUMBERS) {
    const number = given[name] ?? 0;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0)
      throw badRequest(`configuration.${name}: must be greater than or equal to 0`);
  }
  checkedText('condaEnvironment', given.condaEnvironment);
  if (Number(given.lifespanHours ?? 0) > LONGEST_LIFESPAN)
    throw badRequest(`Studio lifespan cannot be longer than ${LONGEST_LIFESPAN} hours`);
  return { cpu: 2, memory: 8192, gpu: 0, lifespanHours: 0, ...present(given) };
}

const present = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** Ids of the data links that are mounted: the old list of ids, and the newer one with paths. */
export function mountsOf(configuration: Record<string, unknown>, links: readonly DataLink[], home: Workspace) {
  const { mountData, mountDataV2 } = configuration;
  const ids = [
    ...(Array.isArray(mountData) ? mountData : []),
    ...(Array.isArray(mountDataV2) ? mountDataV2.map((one) => (isObject(one) ? one.dataLinkId : undefined)) : []),
  ];
  for (const id of ids)
    if (!links.some((link) => link.id === id && link.workspace === home))
      throw notFound(`Data-link with ID '${String(id)}' not found`);
  return ids as string[];
}

/** Only resource labels go with a studio. */
export function labelsOf(labelIds: unknown, { labels }: Workspace): Label[] {
  if (labelIds === undefined || labelIds === null) return [];
  if (!Array.isArray(labelIds)) throw badRequest('Failed to convert argument [labelIds]');
  return labelIds.map((id) => {
    const label = labels.find((one) => one.id === id);
    if (!label) throw badRequest('Labels not found');
    if (!label.resource) throw badRequest(`Label '${label.name}' is not a resource label`);
    return label;
  });
}
