import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'redstart', secret: 'the-secret-of-the-client' };

/** What the provider knows of people, by the name that they sign in with there. */
export const ACCOUNTS: Record<string, Record<string, unknown>> = {
  anna: {
    preferred_username: 'anna',
    groups: ['bioinfo-admins', 'bioinfo'],
    email: 'anna@example.org',
    email_verified: true,
  },
  vito: { preferred_username: 'vito', groups: ['staff'], email: 'vito@example.org', email_verified: true },
  nobody: { preferred_username: 'nobody', groups: ['visitors'], email: 'nobody@example.org', email_verified: false },
  admin: { preferred_username: 'admin', groups: ['bioinfo-admins'] },
};

export const OIDC_ENV = (issuer: string): Record<string, string> => ({
  REDSTART_OIDC_ISSUER: issuer,
  REDSTART_OIDC_CLIENT_ID: CLIENT.id,
  REDSTART_OIDC_CLIENT_SECRET: CLIENT.secret,
  REDSTART_OIDC_ROLE_MAP: 'bioinfo-admins=admin,bioinfo=editor,staff=viewer',
});

export interface RunningProvider {
  readonly issuer: string;
  readonly port: number;
  /** Addresses that it was asked to send browsers to. */
  readonly asked: { redirects: string[]; logouts: string[] };
  close(): Promise<void>;
}

/** A real OpenID provider: a page with a form for the name, no password; it asks for no consent. */
export async function startProvider(port = 0): Promise<RunningProvider> {
  let handle: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => res.writeHead(503).end();
  const server = createServer((req, res) => handle(req, res));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${address.port}`;
  const asked = { redirects: [] as string[], logouts: [] as string[] };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: ['https://example.org/replaced-below'],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
    // As Keycloak and Entra do: the claims are in the ID token.
    conformIdTokenClaims: false,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'k1' }] },
    cookies: { keys: ['only for tests'] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...ACCOUNTS[id] }) }),
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        // Without asking: the form that it makes is sent by whoever tests.
        logoutSource: async (context, form) => {
          context.body = `<!doctype html><body>${form}<button autofocus type="submit" form="op.logoutForm" value="yes" name="logout">Yes</button></body>`;
        },
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  });
  // The appliance takes any free port, so where it is cannot be registered before it runs.
  const { prototype } = provider.Client as unknown as { prototype: Record<string, (uri: string) => boolean> };
  prototype.redirectUriAllowed = (uri) => asked.redirects.push(uri) > 0;
  prototype.postLogoutRedirectUriAllowed = (uri) => asked.logouts.push(uri) > 0;

  const callback = provider.callback();
  handle = (req, res) => {
    if (req.url?.startsWith('/interaction/') !== true) {
      callback(req, res);
      return;
    }
    if (req.method === 'GET') {
      res.writeHead(200, { 'content-type': 'text/html' });
      res.end('<!doctype html><form method="post"><input name="account"><button>Sign in</button></form>');
      return;
    }
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    req.on('end', () => {
      const accountId = new URLSearchParams(body).get('account') ?? '';
      const result = accountId === '' ? { error: 'access_denied' } : { login: { accountId } };
      void provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    });
  };
  return {
    issuer,
    port: address.port,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
