import { PAGE, type Page, type PlatformClient, totalOf } from './client.ts';
import type { DataLink, FolderItem } from './data-schemas.ts';
import { invalidInput, SeqeraError } from './errors.ts';
import { segment } from './urls.ts';

const schemas = async () => ({ ...(await import('./schemas.ts')), ...(await import('./data-schemas.ts')) });

/** Reading and listing take no more than this. */
const NEEDS = 'role View';
/** A tree is answered when all of it was read from the object store. */
const TREE_TIMEOUT_MS = 120_000;

export interface DataLinkPage {
  dataLinks: DataLink[];
  total: number;
  /** The Platform is still looking through the buckets (202): the list is not complete. */
  loading: boolean;
}

/** Of the workspace, hidden ones too. The search is by part of the name, and takes keywords such as `provider:`. */
export async function dataLinkPage(
  client: PlatformClient,
  { search, max = PAGE, offset = 0 }: Page = {},
): Promise<DataLinkPage> {
  const what = 'Listing the data links';
  const query = { search, max, offset, visibility: 'all' };
  const { body, status } = await client.request({ path: '/data-links', query, what, needs: NEEDS });
  const { readAnswer, dataLinks } = await schemas();
  const answer = readAnswer(dataLinks, body, what);
  const list = answer.dataLinks ?? [];
  return { dataLinks: list, total: totalOf(answer.totalSize, offset, list.length, max), loading: status === 202 };
}

export async function dataLinkById(client: PlatformClient, id: string): Promise<DataLink> {
  const what = `Reading the data link ${id}`;
  const { body } = await client.request({ path: `/data-links/${segment(id)}`, what, needs: NEEDS });
  const { readAnswer, oneDataLink } = await schemas();
  return readAnswer(oneDataLink, body, what).dataLink;
}

/** Private ones are opened with their credentials; public ones have none. */
const credentialsOf = ({ credentials }: DataLink): string | undefined => credentials?.[0]?.id ?? undefined;

export interface FolderPage {
  items: FolderItem[];
  nextPageToken: string | undefined;
}

/** @param folder from the root of the data link, without slashes around it; '' is the root. */
export async function folderPage(
  client: PlatformClient,
  dataLink: DataLink,
  folder: string,
  { search, nextPageToken }: { search?: string; nextPageToken?: string } = {},
): Promise<FolderPage> {
  const what = `Listing ${folder === '' ? 'the root' : JSON.stringify(folder)} of the data link "${dataLink.name}"`;
  const path = `/data-links/${segment(dataLink.id)}/browse${encodedPath(folder)}`;
  const query = { credentialsId: credentialsOf(dataLink), search, nextPageToken };
  const { body } = await client.request({ path, query, what, needs: NEEDS });
  const { readAnswer, folderPage: schema } = await schemas();
  const answer = readAnswer(schema, body, what);
  return { items: answer.objects ?? [], nextPageToken: answer.nextPageToken || undefined };
}

/** Every file at any depth below a folder, in one answer. @throws SEQERA_ANSWER_TOO_LARGE */
export async function fileTree(
  client: PlatformClient,
  dataLink: DataLink,
  folder: string,
): Promise<Iterable<{ path: string; size: number }>> {
  const what = `Listing the tree below ${JSON.stringify(folder)} of the data link "${dataLink.name}"`;
  // With the slash, `runs` is not also the beginning of `runs-old`.
  const query = { credentialsId: credentialsOf(dataLink), paths: folder === '' ? undefined : `${folder}/` };
  const path = `/data-links/${segment(dataLink.id)}/browse-tree`;
  const { body } = await client.request({ path, query, what, needs: NEEDS, answerTimeoutMs: TREE_TIMEOUT_MS });
  const { readAnswer, tree } = await schemas();
  return readItems(readAnswer(tree, body, what).items ?? [], what);
}

function* readItems(items: unknown[], what: string): Generator<{ path: string; size: number }> {
  for (const item of items) {
    const { path, size } = (item ?? {}) as { path?: unknown; size?: unknown };
    if (typeof path !== 'string') {
      throw new SeqeraError('SEQERA_BAD_ANSWER', `${what} failed: an item has no path.`, { transient: true });
    }
    yield { path, size: typeof size === 'number' ? size : 0 };
  }
}

/** An address takes no `.` and `..` for names, so a folder that is called so cannot be asked for. */
export const canBeAsked = (name: string): boolean => name !== '' && name !== '.' && name !== '..';

function encodedPath(folder: string): string {
  if (folder === '') return '';
  const names = folder.split('/');
  if (!names.every(canBeAsked)) throw invalidInput(`${JSON.stringify(folder)} is no path of a folder`);
  return `/${names.map(segment).join('/')}`;
}
