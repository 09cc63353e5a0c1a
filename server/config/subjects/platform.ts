import type { Config, ConnectionConfig } from '../config.ts';
import { type Field, fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import type { Secret } from '../secret.ts';
import { apiEndpoint, flag, plain, token } from '../text-types.ts';
import { CONNECTION_PREFIX, connectionNameFault, connectionNames } from './connection-names.ts';
import { isLoopback } from './server.ts';

const field = fieldsOf('Connection to Seqera Platform');

const CLOUD = 'https://api.cloud.seqera.io';
const workspaceId = plain(
  'the number of a workspace, as its page on the Platform shows it',
  /^[1-9]\d{0,18}$/,
  'is not a workspace’s number',
);

export const platformFields = {
  token: field('TOWER_ACCESS_TOKEN', {
    aliases: ['SEQERA_ACCESS_TOKEN'],
    type: token,
    fallback: null,
    example: 'eyJ0aWQiOiAxMjM0fS5hYmNkZWY…',
    does: 'The access token of the default connection, which nodes use when no other is chosen. Made on the Platform under “Your tokens”. When it comes from TOWER_ACCESS_TOKEN_FILE, a changed file is in use within seconds, without a restart.',
    change: 'Always, to work with the real Platform.',
    beware:
      'A token can do all that its user can, in every workspace: use a user of its own with the role Launch or Maintain. /proc of this machine shows a variable of the start to root and to the same user; a file does not leak that way.',
  }),
  endpoint: field('TOWER_API_ENDPOINT', {
    aliases: ['SEQERA_API_ENDPOINT'],
    type: apiEndpoint,
    fallback: CLOUD,
    example: 'https://seqera.example.com/api',
    does: 'The base address of the Platform’s API for the default connection. The token is sent there and nowhere else.',
    change: 'Your Platform is not Seqera Cloud. It is usually the web address with /api behind it.',
    beware: 'With http:// the token crosses the network in clear.',
  }),
  workspaceId: field('TOWER_WORKSPACE_ID', {
    aliases: ['SEQERA_WORKSPACE_ID'],
    type: workspaceId,
    fallback: null,
    example: '138659',
    does: 'The workspace in which nodes work that name none.',
    change: 'Runs belong into a shared workspace. Without it, the token owner’s personal one is used.',
    beware: 'It is a default, not a limit: a node may name any workspace that the token reaches.',
  }),
  simulator: field('REDSTART_SIMULATOR', {
    type: flag,
    fallback: false,
    fallbackText: 'false (`npm start` without any token: true)',
    example: 'true',
    does: 'Makes the default connection a built-in simulator of the Platform: flows run as usual, no run exists outside this process. Flows can tell by FLOW_SIMULATOR.',
    change: 'To try flows, in demonstrations, in tests.',
  }),
};

/** The three variables of one further connection. */
export function connectionFields(name: string): {
  token: Field<Secret | null>;
  endpoint: Field<string>;
  workspaceId: Field<string | null>;
} {
  const prefix = `${CONNECTION_PREFIX}${name}`;
  return {
    token: field(`${prefix}_TOKEN`, {
      type: token,
      fallback: null,
      example: 'eyJ0aWQiOiAxMjM0fS5hYmNkZWY…',
      does: 'The access token of a further connection. Its config node is `seqera-<name>`, in lower case with - for _: PROD_EU is `seqera-prod-eu`.',
      change: 'Flows work with more than one Platform, user or role.',
      beware: 'As for TOWER_ACCESS_TOKEN. Every flow may use every connection.',
    }),
    endpoint: field(`${prefix}_ENDPOINT`, {
      type: apiEndpoint,
      fallback: CLOUD,
      example: 'https://seqera.example.com/api',
      does: 'The base address of the API for that connection.',
      change: 'That Platform is not Seqera Cloud. TOWER_API_ENDPOINT does not count here.',
      beware: 'With http:// the token crosses the network in clear.',
    }),
    workspaceId: field(`${prefix}_WORKSPACE_ID`, {
      type: workspaceId,
      fallback: null,
      example: '138659',
      does: 'The workspace in which nodes with that connection work when they name none.',
      change: 'As for TOWER_WORKSPACE_ID.',
    }),
  };
}

export function readPlatform(
  reader: Reader,
  names: readonly string[],
  local: boolean,
): Pick<Config, 'connections' | 'simulator'> {
  const further = readFurther(reader, names);
  const main = readConnection(reader, platformFields, 'default');
  const hasToken = reader.has(platformFields.token);
  const noTokenAnywhere = !hasToken && further.length === 0 && connectionNames(names).length === 0;
  const tryOut = local && noTokenAnywhere;
  const simulator = reader.get(platformFields.simulator, { value: tryOut, text: String(tryOut) });

  if (simulator && hasToken) {
    reader.problem(
      platformFields.simulator,
      `is true and ${reader.nameOf(platformFields.token)} is set: the default connection is either the simulator or the real Platform`,
      'only one of the two',
      'REDSTART_SIMULATOR=false',
    );
  }
  if (simulator && reader.has(platformFields.endpoint)) {
    reader.warn(
      `${reader.nameOf(platformFields.endpoint)} counts for nothing: the default connection is the built-in simulator.`,
    );
  }
  if (simulator) {
    const built = { id: 'seqera-default', name: 'default', baseUrl: '', token: null, tokenFile: null };
    return { connections: [{ ...built, workspaceId: main.workspaceId }, ...further], simulator };
  }
  if (hasToken) return { connections: [main, ...further], simulator };

  const half = [platformFields.endpoint, platformFields.workspaceId].find((one) => reader.has(one));
  if (half) {
    reader.problem(
      platformFields.token,
      `is not set, but ${reader.nameOf(half)} is`,
      `${platformFields.token.type.expected}; or REDSTART_SIMULATOR=true to do without`,
    );
  } else if (noTokenAnywhere) {
    reader.warn(
      'No connection to Seqera Platform is configured: set TOWER_ACCESS_TOKEN, or REDSTART_SIMULATOR=true to try flows without it.',
    );
  }
  return { connections: further, simulator };
}

function readFurther(reader: Reader, names: readonly string[]): ConnectionConfig[] {
  const connections: ConnectionConfig[] = [];
  for (const name of connectionNames(names)) {
    const fields = connectionFields(name);
    const fault = connectionNameFault(name);
    if (fault) {
      reader.problem(
        fields.token,
        fault,
        'a name of upper-case letters, digits and single _ that begins with a letter',
        `${CONNECTION_PREFIX}PROD_TOKEN=…`,
        `${CONNECTION_PREFIX}${name}_…`,
      );
      continue;
    }
    const connection = readConnection(reader, fields, name.toLowerCase().replaceAll('_', '-'));
    if (!reader.has(fields.token)) {
      const set = reader.has(fields.endpoint) ? fields.endpoint : fields.workspaceId;
      reader.problem(fields.token, `is not set, but ${set.variable} is`, fields.token.type.expected);
    }
    connections.push(connection);
  }
  return connections;
}

function readConnection(reader: Reader, fields: ReturnType<typeof connectionFields>, name: string): ConnectionConfig {
  const { value: secret, found } = reader.find(fields.token);
  const baseUrl = reader.get(fields.endpoint);
  if (reader.has(fields.endpoint)) warnOfEndpoint(reader, reader.nameOf(fields.endpoint), new URL(baseUrl));
  return {
    id: `seqera-${name}`,
    name,
    baseUrl,
    workspaceId: reader.get(fields.workspaceId),
    token: secret,
    tokenFile: found?.file ?? null,
  };
}

function warnOfEndpoint(reader: Reader, variable: string, url: URL): void {
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    reader.warn(`${variable} is http://: the access token crosses the network to ${url.host} in clear. Use https://.`);
  }
  if (url.hostname === 'cloud.seqera.io' && url.pathname === '/') {
    reader.warn(`${variable} is the address of the web pages, not of the API: use ${CLOUD}.`);
  }
}
