import type { DataLink } from '../data-links/data-link.ts';
import { mimeType, objectContent } from '../data-links/object-content.ts';
import type { Entry } from '../data-links/object-tree.ts';
import { signedUrl } from '../data-links/signed-object.ts';
import { badRequest, notFound } from '../errors.ts';
import { flag, integer, text } from '../query.ts';
import { ok, type Request, type Route } from '../router.ts';
import { requestedLink } from './data-links.ts';

const DEFAULT_PAGE = 100;
/** No more than what the object stores themselves give at a time. */
const LARGEST_PAGE = 1000;

/** A private bucket is opened with its credentials; without them the Platform fails in a way that says nothing. */
function openLink(request: Request): DataLink {
  const link = requestedLink(request, 'data_link_object:read');
  const credentialsId = text(request.query, 'credentialsId');
  if (link.credentials && credentialsId !== link.credentials.id)
    throw badRequest(`Unexpected error while processing - Error ID: ${request.platform.random.id(22)}`);
  if (link.status === 'INVALID') throw badRequest(link.message ?? `Data-link '${link.name}' is not accessible`);
  return link;
}

/** Folders end in a slash on AWS and Google and do not on Azure: clients meet both. */
function entryBody({ provider }: DataLink, { name, size }: Entry) {
  if (!name.endsWith('/')) return { type: 'FILE', name, size, mimeType: mimeType(name) };
  return { type: 'FOLDER', name: provider.startsWith('azure') ? name.slice(0, -1) : name, size: 0 };
}

function browse(request: Request) {
  const { query, params } = request;
  const link = openLink(request);
  const path = params.path ?? '';
  const pageSize = integer(query, 'pageSize') ?? DEFAULT_PAGE;
  if (pageSize > LARGEST_PAGE)
    throw badRequest(`Page size cannot be greater than ${LARGEST_PAGE} (current value=${pageSize})`);
  if (pageSize < 1) throw badRequest(`Page size cannot be less than 1 (current value=${pageSize})`);
  const token = text(query, 'nextPageToken');
  // A path that is not there is an empty folder, as object stores have it.
  const { entries, more } = link.objects.list(path, {
    prefix: text(query, 'search') ?? '',
    limit: pageSize,
    ...(token === undefined ? {} : { after: readToken(token) }),
  });
  const last = entries.at(-1);
  return ok({
    originalPath: path,
    objects: entries.map((entry) => entryBody(link, entry)),
    ...(more && last ? { nextPageToken: tokenAfter(last.name) } : {}),
  });
}

const MARK = 'after:';

/** It holds the last name, so that what appears or vanishes between two pages shifts nothing. */
const tokenAfter = (name: string) => Buffer.from(MARK + name).toString('base64url');

function readToken(token: string): string {
  const read = Buffer.from(token, 'base64url').toString('utf8');
  if (!read.startsWith(MARK)) throw badRequest('Invalid page token');
  return read.slice(MARK.length);
}

/** Text, not objects: a tree of 100,000 would be three times as large in between. */
function browseTree(request: Request) {
  const link = openLink(request);
  const paths = request.query.getAll('paths');
  let items = '';
  for (const path of paths.length > 0 ? paths : [''])
    for (const item of link.objects.walk(path)) items += `${items === '' ? '' : ','}${JSON.stringify(item)}`;
  return { status: 200, json: `{"items":[${items}]}` };
}

function download(request: Request) {
  const link = openLink(request);
  const path = request.params.filePath ?? '';
  const content = objectContent(link, path);
  if (!content) throw notFound(`File '${path}' not found`);
  return { status: 200, content };
}

function downloadUrl(request: Request) {
  const { query, baseUrl, now } = request;
  const link = openLink(request);
  const path = text(query, 'filePath');
  if (path === undefined) throw badRequest('Required QueryValue [filePath] not specified');
  flag(query, 'preview');
  flag(query, 'resolveSymlink');
  if (link.objects.size(path) === undefined) throw notFound(`File '${path}' not found`);
  return ok({ url: signedUrl(baseUrl, link.id, path, now), resolvedPath: path, resolvedMimeType: mimeType(path) });
}

export const dataLinkContentRoutes: readonly Route[] = [
  { method: 'GET', template: '/data-links/{dataLinkId}/browse', handle: browse },
  { method: 'GET', template: '/data-links/{dataLinkId}/browse/{path}', rest: true, handle: browse },
  { method: 'GET', template: '/data-links/{dataLinkId}/browse-tree', handle: browseTree },
  { method: 'GET', template: '/data-links/{dataLinkId}/generate-download-url', handle: downloadUrl },
  { method: 'GET', template: '/data-links/{dataLinkId}/download/{filePath}', rest: true, handle: download },
];
