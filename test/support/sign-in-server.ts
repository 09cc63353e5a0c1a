import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { pino } from 'pino';
import type { AuditEvent } from '../../server/audit/audit-event.ts';
import { createAuth, identityOf } from '../../server/auth/index.ts';
import type { AuthConfig, OidcConfig } from '../../server/config/index.ts';
import { Secret } from '../../server/config/index.ts';
import { createHttpServer } from '../../server/http/index.ts';
import { fakeConfig } from '../../server/http/testing/fake-config.ts';
import { KeyRing } from '../../server/state/key-ring.ts';
import { CLIENT } from './oidc-provider.ts';

export interface SignInServer extends AsyncDisposable {
  /** Of the editor, with the slash at its end. */
  readonly editor: string;
  readonly events: AuditEvent[];
  readonly lines: () => string;
}

export const oidcConfig = (issuer: string, rest: Partial<OidcConfig> = {}): OidcConfig => ({
  issuer,
  clientId: CLIENT.id,
  clientSecret: new Secret(CLIENT.secret),
  scopes: 'openid profile email',
  usernameClaim: 'preferred_username',
  rolesClaim: 'groups',
  roleMap: [
    ['bioinfo-admins', 'admin'],
    ['bioinfo', 'editor'],
    ['staff', 'viewer'],
  ],
  ...rest,
});

/** The HTTP side with everything that decides who gets in, and in Node-RED's place one route that tells who it is. */
export async function signInServer(
  oidc: OidcConfig | null,
  options: { server?: object; passwords?: boolean; users?: AuthConfig['users'] } = {},
): Promise<SignInServer> {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-oidc-'));
  const lines: string[] = [];
  const events: AuditEvent[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const audit = { record: (event: AuditEvent) => void events.push(event) };
  const config = fakeConfig({
    data: { dir },
    server: options.server ?? {},
    auth: { oidc, ...(options.passwords === false && { admin: null }), ...(options.users && { users: options.users }) },
  });
  const auth = await createAuth({ config, logger, audit, dataDir: dir, ring: new KeyRing('test') });
  if (auth === null) throw new Error('nobody can sign in');
  const health = { ready: () => ({ ok: true, reasons: [] }) };
  const http = await createHttpServer({ config, logger, dataDir: dir, auth, audit, health });
  const adminApp = express();
  adminApp.get('/', (_req, res) => void res.send('the editor'));
  adminApp.use(auth.gate);
  adminApp.get('/whoami', (req, res) => void res.json(identityOf(req)));
  http.mountNodeRed({ adminApp, nodeApp: express(), scriptHashes: () => [] });
  await http.listen();
  return {
    editor: `${http.url}${config.server.editorPath}/`,
    events,
    lines: () => lines.join(''),
    async [Symbol.asyncDispose]() {
      await http.close();
      await auth.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
