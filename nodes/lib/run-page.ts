import type { PlatformClient } from './client.ts';
import { singleFlightOf } from './single-flight.ts';
import { webUrl } from './urls.ts';

const KEEP_MS = 10 * 60_000;
const known = new WeakMap<object, Map<string, { until: number; page: string | undefined }>>();

/** The web page of a run, or undefined when the names in its address cannot be found out: never a reason to fail. */
export async function runPage(client: PlatformClient, workflowId: string): Promise<string | undefined> {
  const { http, workspaceId } = client;
  const pages = known.get(http) ?? new Map<string, { until: number; page: string | undefined }>();
  known.set(http, pages);
  const key = workspaceId ?? '';
  let found = pages.get(key);
  if (!found || found.until < http.clock.monotonic()) {
    const page = await singleFlightOf(http)
      .do(`run page ${key}`, () => placeOf(client.with({ attempts: 3 })))
      .catch(() => undefined);
    found = { page, until: http.clock.monotonic() + (page === undefined ? KEEP_MS / 20 : KEEP_MS) };
    pages.set(key, found);
  }
  return found.page === undefined ? undefined : `${found.page}/watch/${encodeURIComponent(workflowId)}`;
}

async function placeOf(client: PlatformClient): Promise<string | undefined> {
  const web = webUrl(client.baseUrl);
  const { user } = await client.userInfo();
  if (client.workspaceId === null) {
    return user.userName ? `${web}/user/${encodeURIComponent(user.userName)}` : undefined;
  }
  const workspace = (await client.workspaces(user.id)).find((each) => String(each.workspaceId) === client.workspaceId);
  if (!workspace?.orgName || !workspace.workspaceName) return undefined;
  return `${web}/orgs/${encodeURIComponent(workspace.orgName)}/workspaces/${encodeURIComponent(workspace.workspaceName)}`;
}
