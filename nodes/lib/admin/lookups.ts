import { listActions } from '../client-actions.ts';
import { dataLinkPage, folderPage } from '../client-data-links.ts';
import { datasetPage } from '../client-datasets.ts';
import { studiosPage } from '../client-studios.ts';
import { managedConnections } from '../connection.ts';
import { findDataLink } from '../data-link.ts';
import { nodesOf } from '../node-roles.ts';
import { isFolder, trimSlashes } from '../object-listing.ts';
import type { RedApi } from '../red.ts';
import type { Workspace } from '../schemas.ts';
import type { Question } from './question.ts';
import { Refusal } from './refusal.ts';
import type { LookupName } from './routes.ts';
import { type Target, targetOf } from './target.ts';

/** As many as one looks through in a list; who seeks more types more. */
const SUGGESTIONS = 50;
/** Pages of a folder that are looked through for folders: in one of a million files there may be none. */
const FOLDER_PAGES = 10;
/** While the Platform looks for buckets; a dialog is not kept waiting longer. */
const LOADING_MS = 8_000;

export interface LookupContext {
  RED: RedApi;
  question: Question;
  signal: AbortSignal;
}

type Lookup = (context: LookupContext) => Promise<object>;

const reach = async ({ RED, question, signal }: LookupContext): Promise<Target> => {
  const target = await targetOf(RED, question);
  return { ...target, client: target.client.with({ signal }) };
};

const page = ({ question: { search } }: LookupContext) => ({ max: SUGGESTIONS, ...(search ? { search } : {}) });

const workspaceView = ({ workspaceId, workspaceName, orgName, roles, visibility }: Workspace) => ({
  id: String(workspaceId),
  name: workspaceName ?? String(workspaceId),
  organisation: orgName ?? '',
  roles: roles ?? [],
  shared: visibility === 'SHARED',
});

/** What a dialog can ask for. Only what it shows is passed on. */
export const lookups: Record<LookupName, Lookup> = {
  async connections({ RED }) {
    const managed = managedConnections(RED);
    const connections = Object.entries(managed?.connections ?? {}).map(([id, { name, baseUrl, workspaceId }]) => ({
      id,
      name,
      baseUrl,
      workspaceId,
      default: id === managed?.defaultId,
    }));
    return { connections };
  },

  async identity(context) {
    const { client, baseUrl, workspaceId, managed } = await reach(context);
    const { user } = await client.userInfo();
    const [service, workspaces] = await Promise.all([
      client.serviceInfo().catch(() => null), // says nothing on whether the connection works
      client.workspaces(user.id),
    ]);
    const workspace = workspaces.find((each) => String(each.workspaceId) === workspaceId);
    return {
      user: { userName: user.userName ?? String(user.id), email: user.email ?? null },
      baseUrl,
      managed,
      service: { version: service?.version ?? null, apiVersion: service?.apiVersion ?? null },
      workspace: workspace ? workspaceView(workspace) : null,
      workspaceId,
      // Of one's personal workspace one is the owner; in one that one does not see, nothing can be said.
      nodes: workspaceId === null ? nodesOf(['owner']) : nodesOf(workspace?.roles ?? []),
    };
  },

  async workspaces(context) {
    const { client } = await reach(context);
    const { user } = await client.userInfo();
    const views = (await client.workspaces(user.id)).map(workspaceView);
    const key = ({ organisation, name }: (typeof views)[number]) => `${organisation}\n${name}`.toLowerCase();
    return { workspaces: views.sort((a, b) => (key(a) < key(b) ? -1 : 1)) };
  },

  async launchpads(context) {
    const { client, workspaceId } = await reach(context);
    const { pipelines } = await client.pipelines(page(context));
    return {
      launchpads: pipelines.map((pipeline) => ({
        name: pipeline.name,
        description: pipeline.description ?? null,
        repository: pipeline.repository ?? null,
        workspace: [pipeline.orgName, pipeline.workspaceName].filter(Boolean).join('/') || null,
        shared: pipeline.workspaceId != null && String(pipeline.workspaceId) !== workspaceId,
      })),
    };
  },

  async labels(context) {
    const { client } = await reach(context);
    const { labels } = await client.labels(page(context));
    return { labels: labels.map(({ name }) => ({ name })) };
  },

  async computeEnvs(context) {
    const { client } = await reach(context);
    const computeEnvs = await client.computeEnvs();
    return {
      computeEnvs: computeEnvs.map(({ id, name, platform, status, primary }) => ({
        id,
        name,
        platform: platform ?? null,
        status: status ?? null,
        primary: primary ?? false,
      })),
    };
  },

  async runs(context) {
    const { client } = await reach(context);
    const { workflows } = await client.runs({ ...page(context), minimal: true });
    return {
      runs: (workflows ?? []).map(({ workflow }) => ({
        id: workflow.id,
        runName: workflow.runName ?? workflow.id,
        status: workflow.status ?? 'UNKNOWN',
        projectName: typeof workflow.projectName === 'string' ? workflow.projectName : null,
      })),
    };
  },

  async studios(context) {
    const { client } = await reach(context);
    const { items } = await studiosPage(client, page(context));
    return {
      studios: items.map(({ sessionId, name, statusInfo, computeEnv }) => ({
        id: sessionId,
        name: name ?? sessionId,
        status: statusInfo?.status ?? null,
        computeEnv: computeEnv?.name ?? null,
      })),
    };
  },

  async actions(context) {
    const { client } = await reach(context);
    return {
      actions: (await listActions(client)).map(({ id, name, status, pipeline }) => ({
        id,
        name: name ?? id,
        status: status ?? null,
        pipeline: pipeline ?? null,
      })),
    };
  },

  async dataLinks(context) {
    const { client } = await reach(context);
    const { dataLinks, loading } = await dataLinkPage(client, page(context));
    return {
      loading,
      dataLinks: dataLinks.map(({ id, name, provider, resourceRef, description, status }) => ({
        id,
        name,
        provider: provider ?? null,
        resourceRef,
        description: description ?? null,
        valid: status !== 'INVALID',
        // Two of one name are told apart by their ids.
        unique: dataLinks.filter((other) => other.name === name).length === 1,
      })),
    };
  },

  async folders(context) {
    const { dataLink: name = '', path = '' } = context.question;
    const { client } = await reach(context);
    if (name === '') throw new Refusal('SEQERA_INVALID_INPUT', 'dataLinkFirst');
    const dataLink = await findDataLink(client, name, { signal: context.signal, patienceMs: LOADING_MS });
    const from = path.lastIndexOf('/') + 1;
    const folder = trimSlashes(path.slice(0, from));
    const search = path.slice(from);
    const folders: string[] = [];
    let nextPageToken: string | undefined;
    for (let read = 0; read < FOLDER_PAGES && folders.length < SUGGESTIONS; read += 1) {
      const answer = await folderPage(client, dataLink, folder, {
        ...(search === '' ? {} : { search }),
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      });
      folders.push(...answer.items.filter(isFolder).map((item) => trimSlashes(item.name)));
      nextPageToken = answer.nextPageToken;
      if (nextPageToken === undefined) break;
    }
    return { folder, folders: folders.filter((each) => each !== ''), more: nextPageToken !== undefined };
  },

  async datasets(context) {
    const { client } = await reach(context);
    const { datasets } = await datasetPage(client, page(context));
    return {
      datasets: datasets.map(({ id, name, description, version }) => ({
        id,
        name,
        description: description ?? null,
        version: version ?? null,
      })),
    };
  },
};
