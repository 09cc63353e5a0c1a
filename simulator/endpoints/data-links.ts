import { type DataLink, newDataLink } from '../data-links/data-link.ts';
import type { Provider } from '../data-views.ts';
import type { Workspace } from '../entities.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import type { Permission } from '../principals.ts';
import { cut, matchesName, oneOf, page, text } from '../query.ts';
import { accepted, noContent, ok, type Request, type Route } from '../router.ts';
import { searchTerms } from '../search-terms.ts';
import { asObject } from '../values.ts';

const PROVIDERS: readonly Provider[] = ['aws', 'google', 'azure', 'azure_entra', 'azure-cloud', 'seqeracompute', 's3'];

export function dataLinkBody(link: DataLink) {
  const { credentials } = link;
  return {
    id: link.id,
    name: link.name,
    description: link.description,
    resourceRef: link.resourceRef,
    type: 'bucket',
    provider: link.provider,
    ...(link.region === null ? {} : { region: link.region }),
    credentials: credentials ? [{ id: credentials.id, name: credentials.name, provider: credentials.provider }] : [],
    publicAccessible: link.publicAccessible,
    hidden: link.hidden,
    status: link.status,
    ...(link.message === null ? {} : { message: link.message }),
  };
}

function list({ platform, query, principal, now }: Request) {
  const { workspace } = platform.access(query, principal, 'data_link:read');
  const limits = page(query, 'Data-links', 100);
  const credentialsId = text(query, 'credentialsId');
  if (credentialsId !== undefined) knownCredentials(workspace, credentialsId);
  const visibility = oneOf(query, 'visibility', ['visible', 'hidden', 'all'] as const) ?? 'visible';
  const { free, keywords } = searchTerms(text(query, 'search'), ['provider', 'region', 'resourceRef'] as const);
  const matches = matchesName(free);
  const found = platform.dataLinks
    .listed(workspace, now)
    .filter(
      (link) =>
        (visibility === 'all' || link.hidden === (visibility === 'hidden')) &&
        (credentialsId === undefined || link.credentials?.id === credentialsId) &&
        keywords.every(({ keyword, value }) => String(link[keyword] ?? '').toLowerCase() === value.toLowerCase()) &&
        matches(link.name),
    );
  const body = { dataLinks: cut(found, limits).map(dataLinkBody), totalSize: found.length };
  return platform.dataLinks.isLoading(now) ? accepted(body) : ok(body);
}

function knownCredentials({ credentials }: Workspace, id: string): void {
  if (!credentials.some((one) => one.id === id)) throw forbidden();
}

/** The data link that the path names. @throws ApiError 404 for one that is not there, or in another workspace */
export function requestedLink({ platform, query, principal, params, now }: Request, permission: Permission): DataLink {
  const { workspace } = platform.access(query, principal, permission);
  const credentialsId = text(query, 'credentialsId');
  if (credentialsId !== undefined) knownCredentials(workspace, credentialsId);
  const id = params.dataLinkId ?? '';
  const link = platform.dataLinks.byId(id, now);
  if (link?.workspace !== workspace) throw notFound(`Data-link with ID '${id}' not found`);
  return link;
}

function create({ platform, query, principal, body, now }: Request) {
  const { workspace } = platform.access(query, principal, 'data_link:write');
  const { name, description, provider, resourceRef, publicAccessible, credentialsId } = asObject(body);
  const chosen = PROVIDERS.find((one) => one === provider);
  if (typeof name !== 'string' || name.trim() === '') throw badRequest('Data-link name cannot be empty');
  if (!chosen) throw badRequest(`Unknown data-link provider: ${String(provider ?? null)}`);
  if (typeof resourceRef !== 'string' || resourceRef === '') throw badRequest('Data-link resource cannot be empty');
  const credentials = workspace.credentials.find(({ id }) => id === credentialsId) ?? null;
  if (credentialsId !== undefined && credentialsId !== null && !credentials) throw forbidden();
  // Its identity is workspace, provider and name: the same name on another provider is another one.
  const all = platform.dataLinks.all(now);
  if (all.some((link) => link.workspace === workspace && link.provider === chosen && link.name === name))
    throw badRequest(`Data-link '${name}' exists already`);
  const link = newDataLink({
    id: `v1-user-${platform.random.hex(32)}`,
    name,
    description: typeof description === 'string' ? description : '',
    workspace,
    provider: chosen,
    resourceRef,
    publicAccessible: publicAccessible === true,
    credentials,
    custom: true,
  });
  platform.dataLinks.add(link);
  return ok(dataLinkBody(link));
}

function remove(request: Request) {
  const link = requestedLink(request, 'data_link:write');
  if (!link.custom) throw badRequest('A data-link that was discovered cannot be deleted');
  request.platform.dataLinks.remove(link);
  return noContent();
}

function refresh({ platform, query, principal, now }: Request) {
  platform.access(query, principal, 'data_link:read');
  platform.dataLinks.refresh(now);
  return { status: 200 };
}

export const dataLinkRoutes: readonly Route[] = [
  { method: 'GET', template: '/data-links', handle: list },
  { method: 'POST', template: '/data-links', handle: create },
  { method: 'GET', template: '/data-links/cache/refresh', handle: refresh },
  {
    method: 'GET',
    template: '/data-links/{dataLinkId}',
    handle: (request) => ok({ dataLink: dataLinkBody(requestedLink(request, 'data_link:read')) }),
  },
  { method: 'DELETE', template: '/data-links/{dataLinkId}', handle: remove },
];
