import type { DataLink } from './data-schemas.ts';
import type { DataObject } from './object-listing.ts';
import { choice, type PlainObject, text, whole } from './typed-input.ts';

/** What nodes that list objects have in common. */
export const listingInputs = {
  dataLinkName: text({ required: true }),
  basePath: text(),
  prefix: text(),
  pattern: text(),
  maxResults: whole({ least: 1, most: 1_000_000 }),
  depth: whole({ least: -1, most: 1_000 }),
  returnType: choice('files', 'folders', 'all'),
};

export const DEFAULT_MAX = 100;

/** What a message is given for objects: the objects themselves, and as addresses. */
export const outputOf = (dataLink: DataLink, objects: readonly DataObject[] | readonly { name: string }[]) => ({
  payload: {
    files: [...objects],
    resourceType: dataLink.type ?? 'bucket',
    resourceRef: dataLink.resourceRef,
    provider: dataLink.provider ?? null,
  } satisfies PlainObject as PlainObject,
  files: objects.map(({ name }) => `${dataLink.resourceRef.replace(/\/+$/, '')}/${name}`),
});

/** `1 file`, `1,204 files`. */
export const counted = (count: number, one: string): string =>
  `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
