import { listActions } from '../client-actions.ts';
import { studiosPage } from '../client-studios.ts';
import { managedConnections } from '../connection.ts';
import { nodesOf } from '../node-roles.ts';
import type { RedApi } from '../red.ts';
import type { Workspace } from '../schemas.ts';
import type { Question } from './question.ts';
import type { LookupName } from './routes.ts';
import { type Target, targetOf } from './target.ts';

/** As many as one looks through in a list; who seeks more types more. */
const SUGGESTIONS = 50;

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
};
