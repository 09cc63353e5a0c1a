import { isIP } from 'node:net';
import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { hostName, mountPath, trustProxy, webAddress, wholeNumber } from '../text-types.ts';

const field = fieldsOf('Server');

/** What is served besides the editor and the flows' endpoints. Compared without case, as Express routes. */
const RESERVED = ['/favicon.ico', '/healthz', '/readyz', '/metrics', '/status', '/status.json'];

export const serverFields = {
  port: field('PORT', {
    type: wholeNumber(0, 65535),
    fallback: 1880,
    example: '8443',
    does: 'The TCP port that the editor, the flows’ endpoints and the probes are served on.',
    change: 'The port is taken by something else. 0 takes any free one and logs which.',
    beware: 'Ports under 1024 need a privilege that the image does not have; publish another one instead.',
  }),
  host: field('HOST', {
    type: hostName,
    fallback: '127.0.0.1',
    fallbackText: '127.0.0.1 (image: 0.0.0.0)',
    example: '0.0.0.0',
    does: 'The address to listen on. The default is reachable from this machine only.',
    change: 'Other machines shall reach it: 0.0.0.0 for every IPv4 interface, :: for IPv6 too.',
    beware: 'It is not a firewall: whoever reaches the address gets to the sign-in page and the probes.',
  }),
  trustProxy: field('REDSTART_TRUST_PROXY', {
    type: trustProxy,
    fallback: undefined,
    example: '10.0.0.0/8',
    does: 'Which reverse proxies in front are believed when they say who the client is (X-Forwarded-For, -Proto, -Host), as Express’s “trust proxy”.',
    change: 'A reverse proxy or load balancer is in front. Name its address or network, or how many proxies there are.',
    beware: 'With true, every client can claim any address, which defeats limits by address and the audit trail.',
  }),
  editorPath: field('REDSTART_EDITOR_PATH', {
    type: mountPath,
    fallback: '/editor',
    example: '/editor',
    does: 'Where the editor and Node-RED’s admin API are.',
    change: 'A path of that name is wanted for something else on the same host.',
    beware: 'An unusual path hides nothing: sign-in is what protects the editor.',
  }),
  httpPath: field('REDSTART_HTTP_PATH', {
    type: mountPath,
    fallback: '/api',
    example: '/hooks',
    does: 'Where the flows’ own HTTP endpoints are: an “http in” node for /run answers at /api/run.',
    change: 'Callers expect another path. Callers that have the old one must be told.',
  }),
  publicUrl: field('REDSTART_PUBLIC_URL', {
    type: webAddress('that browsers reach it under'),
    fallback: null,
    fallbackText: 'as each request says',
    example: 'https://automation.example.org/redstart',
    does: 'The address that browsers use, with the path that a proxy in front takes away, if it does. Single sign-on comes back to it.',
    change: 'A proxy in front changes the path; or single sign-on shall not go by what requests say of the host.',
  }),
};

export function readServer(reader: Reader): Config['server'] {
  const server = {
    host: reader.get(serverFields.host),
    port: reader.get(serverFields.port),
    trustProxy: reader.get(serverFields.trustProxy),
    editorPath: reader.get(serverFields.editorPath),
    httpPath: reader.get(serverFields.httpPath),
    publicUrl: reader.get(serverFields.publicUrl),
  };
  for (const [path, own] of [
    [server.editorPath, serverFields.editorPath],
    [server.httpPath, serverFields.httpPath],
  ] as const) {
    const taken = RESERVED.find((reserved) => isWithin(path, reserved));
    if (taken)
      reader.problem(own, `is at ${taken}, which Redstart serves itself`, `a path outside ${RESERVED.join(', ')}`);
  }
  const { editorPath, httpPath } = server;
  if (isWithin(editorPath, httpPath) || isWithin(httpPath, editorPath)) {
    const changed = reader.has(serverFields.httpPath) ? serverFields.httpPath : serverFields.editorPath;
    const [mine, theirs] =
      changed === serverFields.httpPath
        ? [httpPath, `REDSTART_EDITOR_PATH (${editorPath})`]
        : [editorPath, `REDSTART_HTTP_PATH (${httpPath})`];
    reader.problem(
      changed,
      `(${mine}) and ${theirs} are the same path or one inside the other`,
      'two paths side by side, such as /editor and /api',
    );
  }
  const { trustProxy: trusted } = server;
  if (trusted === true || (Array.isArray(trusted) && trusted.some((entry) => entry.endsWith('/0')))) {
    reader.warn(
      'REDSTART_TRUST_PROXY trusts everybody: any client can claim any address in X-Forwarded-For. Name the proxy’s address, or how many proxies are in front.',
    );
  }
  return server;
}

function isWithin(path: string, parent: string): boolean {
  const [inner, outer] = [path.toLowerCase(), parent.toLowerCase()];
  return inner === outer || inner.startsWith(`${outer}/`);
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}
