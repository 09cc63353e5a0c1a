import type { PlatformClient } from '../client.ts';
import {
  type ConfigNode,
  type Connection,
  DEFAULT_BASE_URL,
  managedConnection,
  managedConnections,
  ownConnection,
} from '../connection.ts';
import type { RedApi } from '../red.ts';
import { normaliseBaseUrl } from '../urls.ts';
import type { Question } from './question.ts';
import { Refusal } from './refusal.ts';

/** Where a question goes. */
export interface Target {
  client: PlatformClient;
  baseUrl: string;
  workspaceId: string | null;
  managed: boolean;
}

/**
 * Whose token is used, and where it goes. A token in the question goes to the address in the question. A stored one goes
 * to the address that it is stored with and to no other: who may draw flows but not read the token could else have it
 * sent to a host of theirs.
 */
export async function targetOf(RED: RedApi, { connection: ref, workspaceId }: Question): Promise<Target> {
  const connection = ref.token ? typed(RED, ref.baseUrl, ref.token) : await stored(RED, ref.id ?? '', ref.baseUrl);
  const wanted = workspaceId ?? ref.workspaceId ?? connection.workspaceId;
  const workspace = wanted === '' ? null : wanted;
  return {
    client: connection.client.with({ workspaceId: workspace, caller: 'editor', attempts: 2 }),
    baseUrl: connection.baseUrl,
    workspaceId: workspace,
    managed: connection.managed,
  };
}

function typed(RED: RedApi, baseUrl = DEFAULT_BASE_URL, token: string): Connection {
  return ownConnection(RED, { id: '', name: '', baseUrl, workspaceId: null, token: token.trim() });
}

async function stored(RED: RedApi, id: string, baseUrl: string | undefined): Promise<Connection> {
  const connection = id === '' ? fallback(RED) : (managedConnection(RED, id) ?? (await deployed(RED, id)));
  if (baseUrl !== undefined && normaliseBaseUrl(baseUrl) !== connection.baseUrl) {
    throw new Refusal('SEQERA_INVALID_INPUT', 'tokenBelongs', { baseUrl: connection.baseUrl });
  }
  return connection;
}

function fallback(RED: RedApi): Connection {
  const managed = managedConnections(RED);
  const connection = managed ? managedConnection(RED, managed.defaultId) : null;
  if (connection) return connection;
  throw new Refusal('SEQERA_NO_CONNECTION', 'noDefault');
}

async function deployed(RED: RedApi, id: string): Promise<Connection> {
  const node = RED.nodes.getNode(id) as unknown as ConfigNode | null | undefined;
  if (node?.type === 'seqera-config') return node.connection();
  throw new Refusal('SEQERA_NO_CONNECTION', 'noToken');
}
