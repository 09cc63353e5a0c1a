import { PAGE, type Page, type PlatformClient } from './client.ts';
import type { Studio } from './schemas.ts';
import type { PlainObject } from './typed-input.ts';
import { segment } from './urls.ts';

// The Platform's calls on studios.

/** Loaded with the first answer: whoever only loads the node does not pay for it. */
const schemas = () => import('./schemas.ts');

const MAINTAIN = 'role Maintain';

/** The search is by part of the name. */
export async function studiosPage(
  client: PlatformClient,
  { search, max = PAGE, offset = 0 }: Page = {},
): Promise<{ items: Studio[]; total: number }> {
  const what = 'Listing the studios';
  const { body } = await client.request({ path: '/studios', query: { search, max, offset }, what, needs: 'role View' });
  const { readAnswer, studios: answer } = await schemas();
  const { studios, totalSize } = readAnswer(answer, body, what);
  const items = studios ?? [];
  return { items, total: totalSize ?? (items.length < max ? offset + items.length : Number.POSITIVE_INFINITY) };
}

/** 202, while data links are being mounted, is an answer like 200. */
export async function readStudio(client: PlatformClient, studioId: string): Promise<Studio> {
  const what = `Reading the studio ${studioId}`;
  const { body } = await client.request({ path: `/studios/${segment(studioId)}`, what, needs: 'role View' });
  const { readAnswer, describedStudio } = await schemas();
  return readAnswer(describedStudio, body, what);
}

/** Never repeated by itself once it may have taken effect: see `addStudio`. */
export async function createStudio(
  client: PlatformClient,
  studio: PlainObject,
  autoStart: boolean,
): Promise<PlainObject> {
  const what = `Creating the studio "${String(studio.name)}"`;
  const query = { autoStart };
  const { body } = await client.request({
    method: 'POST',
    path: '/studios',
    query,
    body: studio,
    what,
    needs: MAINTAIN,
  });
  const { readAnswer, createdStudio } = await schemas();
  return readAnswer(createdStudio, body, what);
}

export type StudioOperation = 'start' | 'stop' | 'extend' | 'delete';

const CALLS = {
  start: { method: 'PUT', below: '/start', body: {}, doing: 'Starting' },
  stop: { method: 'PUT', below: '/stop', doing: 'Stopping' },
  extend: { method: 'POST', below: '/lifespan', doing: 'Extending the life of' },
  delete: { method: 'DELETE', below: '', doing: 'Deleting' },
} as const satisfies Record<StudioOperation, { method: string; below: string; body?: object; doing: string }>;

/** Never repeated by itself once it may have taken effect. @returns an empty object for a delete */
export async function changeStudio(
  client: PlatformClient,
  studioId: string,
  operation: StudioOperation,
): Promise<PlainObject> {
  const { below, doing, ...call } = CALLS[operation];
  const path = `/studios/${segment(studioId)}${below}`;
  const what = `${doing} the studio ${studioId}`;
  const { body } = await client.request({ ...call, path, what, needs: MAINTAIN });
  if (operation === 'delete') return {};
  const { readAnswer, changedStudio } = await schemas();
  return readAnswer(changedStudio, body, what);
}
