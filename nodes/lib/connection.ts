import type { PlatformClient } from './client.ts';
import { type ClientSettings, clientFor, tokenKey } from './clients.ts';
import { invalidInput, SeqeraError } from './errors.ts';
import { type Observer, tell } from './observer.ts';
import type { RedApi } from './red.ts';
import { normaliseBaseUrl } from './urls.ts';

/** What the appliance puts on Node-RED's settings as `seqera`: connections from its environment. */
export interface ManagedConnections extends Observer {
  defaultId: string;
  connections: Record<string, ManagedConnection>;
}

export interface ManagedConnection {
  name: string;
  baseUrl: string;
  workspaceId: string | null;
  /** The token of now: it can change while the program runs. */
  token(): string;
}

export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly client: PlatformClient;
  readonly baseUrl: string;
  readonly workspaceId: string | null;
  /** From the environment: neither shown for editing nor stored. */
  readonly managed: boolean;
  /** The same token at another base URL. @throws SEQERA_INVALID_INPUT unless the origin is that of the connection */
  at(baseUrl: string): PlatformClient;
}

export const DEFAULT_BASE_URL = 'https://api.cloud.seqera.io';

interface Source {
  id: string;
  name: string;
  baseUrl: string;
  workspaceId: string | null;
  managed: boolean;
  key: string;
  token: () => string;
  settings?: ClientSettings | undefined;
}

function connect(source: Source): Connection {
  const { id, name, workspaceId, managed, key, token, settings } = source;
  const baseUrl = normaliseBaseUrl(source.baseUrl);
  const client = clientFor({ baseUrl, token, key, settings });
  return {
    id,
    name,
    client,
    baseUrl,
    workspaceId,
    managed,
    at(other) {
      const wanted = normaliseBaseUrl(other);
      if (wanted === baseUrl) return client;
      if (new URL(wanted).origin !== new URL(baseUrl).origin) {
        throw invalidInput(
          `The base URL ${wanted} is on another host than the connection (${baseUrl}), and a token goes only to the host that it was entered for. Make a connection (seqera-config) for ${new URL(wanted).host} and choose it in the node.`,
        );
      }
      return clientFor({ baseUrl: wanted, token, key, settings });
    },
  };
}

const settingsOf = (RED: RedApi): { seqera?: ManagedConnections; seqeraClient?: ClientSettings } =>
  RED.settings as object;

const clientSettings = (RED: RedApi): ClientSettings => ({
  ...settingsOf(RED).seqeraClient,
  onCall: (call) => tell(RED, 'onCall', call),
});

/** The connections that the appliance's environment gives; undefined in a stock Node-RED. */
export const managedConnections = (RED: RedApi): ManagedConnections | undefined => settingsOf(RED).seqera;

/** Endpoint and token together from the settings, never one of them from a flow: else a flow could send the token away. */
export function managedConnection(RED: RedApi, id: string): Connection | null {
  const managed = managedConnections(RED);
  const found = managed && Object.hasOwn(managed.connections, id) ? managed.connections[id] : undefined;
  if (!found) return null;
  return connect({
    id,
    name: found.name,
    baseUrl: found.baseUrl,
    workspaceId: found.workspaceId,
    managed: true,
    key: `environment ${id}`,
    token: () => found.token(),
    settings: clientSettings(RED),
  });
}

/**
 * For a connection without a token, which is what an imported flow brings, as exports hold no credentials: the
 * default one's token, where that belongs to the same address anyway. @returns null when it does not
 */
export function tokenlessConnection(
  RED: RedApi,
  { id, name, baseUrl, workspaceId }: { id: string; name: string; baseUrl: string; workspaceId: string | null },
): Connection | null {
  const defaultId = managedConnections(RED)?.defaultId;
  const standIn = defaultId === undefined ? null : managedConnection(RED, defaultId);
  if (!standIn || standIn.baseUrl !== normaliseBaseUrl(baseUrl)) return null;
  return { ...standIn, id, name, workspaceId, managed: false };
}

/** A connection that a user made: its token comes from the credentials of the node. */
export function ownConnection(
  RED: RedApi,
  {
    id,
    name,
    baseUrl,
    workspaceId,
    token,
  }: { id: string; name: string; baseUrl: string; workspaceId: string | null; token: string },
): Connection {
  return connect({
    id,
    name,
    baseUrl,
    workspaceId,
    managed: false,
    key: tokenKey(token),
    token: () => token,
    settings: clientSettings(RED),
  });
}

/** A configuration node of this pack, as other nodes see it. */
export interface ConfigNode {
  readonly type: string;
  /** Rejects with a SeqeraError when its properties cannot be used, or its token belongs to another host. */
  connection(): Promise<Connection>;
}

/** One that was switched off on purpose: to go on over another one could launch in another workspace. */
function refuseDisabled(RED: RedApi, wanted: string): void {
  RED.nodes.eachNode((node) => {
    const { id, d, name } = node as { id: string; d?: boolean; name?: string };
    if (id !== wanted || d !== true) return;
    throw new SeqeraError(
      'SEQERA_NO_CONNECTION',
      `The connection "${name || id}" is disabled: enable it in the editor, or choose another one in the node.`,
    );
  });
}

/**
 * The connection that a node names, else the default one of the environment: flows are passed around with an empty
 * or dangling id. @returns null when there is none at all. @throws SeqeraError when it is there and disabled or unusable
 */
export async function connectionFor(RED: RedApi, configNodeId: string | undefined): Promise<Connection | null> {
  const id = configNodeId ?? '';
  if (id !== '') {
    const managed = managedConnection(RED, id);
    if (managed) return managed;
    const node = RED.nodes.getNode(id) as unknown as ConfigNode | null | undefined;
    if (node && node.type === 'seqera-config') return node.connection();
    refuseDisabled(RED, id);
  }
  const defaultId = managedConnections(RED)?.defaultId;
  return defaultId === undefined ? null : managedConnection(RED, defaultId);
}
