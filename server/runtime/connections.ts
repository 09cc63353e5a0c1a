import type { Logger } from 'pino';
import type { ManagedConnections } from '../../settings/node-red-settings.ts';
import type { Config } from '../config/index.ts';
import { type TokenSource, watchToken } from './token-watch.ts';

export const DEFAULT_CONNECTION = 'seqera-default';

/** Any token will do for the simulator; this one tells in its log who called. */
const SIMULATOR_TOKEN = 'redstart-simulator';
/** The workspace of the simulator's data that flows start with. */
const SIMULATOR_WORKSPACE = '70001';

export interface Connections {
  managed: ManagedConnections;
  close(): void;
}

/** The connections of the environment as the nodes see them, with tokens that follow their files. */
export function createConnections(config: Config, simulatorUrl: string | null, logger: Logger): Connections {
  const sources: TokenSource[] = [];
  const managed: ManagedConnections = { defaultId: DEFAULT_CONNECTION, connections: {} };
  const configured = config.connections.filter(({ id }) => !(simulatorUrl !== null && id === DEFAULT_CONNECTION));
  if (simulatorUrl !== null) {
    const given = config.connections.find(({ id }) => id === DEFAULT_CONNECTION);
    managed.connections[DEFAULT_CONNECTION] = {
      name: 'simulator',
      baseUrl: simulatorUrl,
      workspaceId: given?.workspaceId ?? SIMULATOR_WORKSPACE,
      token: () => SIMULATOR_TOKEN,
    };
  }
  for (const { id, name, baseUrl, workspaceId, token, tokenFile } of configured) {
    const source = watchToken({ name, initial: token?.reveal() ?? '', file: tokenFile, logger });
    sources.push(source);
    managed.connections[id] = { name, baseUrl, workspaceId, token: source.token };
  }
  return {
    managed,
    close() {
      for (const source of sources) source.close();
    },
  };
}
