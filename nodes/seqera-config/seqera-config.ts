import { registerAdminRoutes } from '../lib/admin/routes.ts';
import {
  type Connection,
  DEFAULT_BASE_URL,
  managedConnection,
  ownConnection,
  tokenlessConnection,
} from '../lib/connection.ts';
import { SeqeraError } from '../lib/errors.ts';
import { NodeStore } from '../lib/node-store.ts';
import type { RedApi, RedNode, RedNodeDef } from '../lib/red.ts';
import { bindToken } from '../lib/token-binding.ts';

interface ConfigDef extends RedNodeDef {
  baseUrl?: string;
  workspaceId?: string | number | null;
}

interface ConfigInstance extends RedNode<{ token?: string }> {
  baseUrl: string;
  workspaceId: string | null;
  connection(): Promise<Connection>;
}

export default function (RED: RedApi): void {
  function SeqeraConfig(this: ConfigInstance, def: ConfigDef): void {
    RED.nodes.createNode(this, def);
    // Out of sight: whoever prints the node must not print the token.
    Object.defineProperty(this, 'credentials', {
      value: this.credentials,
      enumerable: false,
      configurable: true,
      writable: true,
    });

    // For a connection of the environment nothing of the flow file counts, whatever someone wrote under its id.
    const managed = managedConnection(RED, def.id);
    const workspaceId = String(def.workspaceId ?? '').trim();
    this.baseUrl = managed?.baseUrl ?? (String(def.baseUrl ?? '').trim() || DEFAULT_BASE_URL);
    this.workspaceId = managed ? managed.workspaceId : workspaceId === '' ? null : workspaceId;
    const store = new NodeStore(RED, this);
    let bound: { token: string; done: Promise<void> } | undefined;
    this.connection = async () => {
      if (managed) return managed;
      // Each time: the appliance may follow a file with it.
      const token = this.credentials?.token ?? '';
      const { id } = this;
      const place = { id, name: def.name || id, baseUrl: this.baseUrl, workspaceId: this.workspaceId };
      if (token === '') {
        const standIn = tokenlessConnection(RED, place);
        if (standIn) return standIn;
        throw new SeqeraError(
          'SEQERA_NO_CONNECTION',
          `The connection "${place.name}" has no token: open it in the editor and enter one.`,
        );
      }
      const connection = ownConnection(RED, { ...place, token });
      if (bound?.token !== token)
        bound = { token, done: bindToken(store, id, token, new URL(connection.baseUrl).origin) };
      await bound.done.catch((error: unknown) => {
        // A store that failed may work the next time.
        bound = undefined;
        throw error;
      });
      return connection;
    };
    this.on('close', (removed: boolean, done: () => void) => {
      store.close(removed).then(done, done);
    });
  }

  RED.nodes.registerType<ConfigInstance, ConfigDef, object, { token?: string }>('seqera-config', SeqeraConfig, {
    credentials: { token: { type: 'password' } },
  });
  registerAdminRoutes(RED);
}
