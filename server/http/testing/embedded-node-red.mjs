// A real Node-RED behind the real HTTP side, as a process of its own: what crashes it must not take the tests along,
// and two Node-REDs cannot live in one process. Started with an IPC channel; sends { url } when flows run.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import RED from 'node-red';
import { pino } from 'pino';
import { NO_AUDIT } from '../../audit/audit-event.ts';
import { createAuth } from '../../auth/index.ts';
import { KeyRing } from '../../state/key-ring.ts';
import { createHttpServer } from '../index.ts';
import { fakeConfig, plainPassword } from './fake-config.ts';

const options = JSON.parse(process.argv[2]);
const config = fakeConfig({
  server: { trustProxy: options.trustProxy },
  data: { dir: options.dir },
  flows: { mode: options.flowsMode },
  auth: {
    users: {
      file: join(options.dir, 'no-users.yaml'),
      list: ['editor', 'operator', 'viewer'].map((role) => ({
        username: role,
        role,
        ...plainPassword('correct horse'),
      })),
    },
  },
  httpAuth: { mode: options.httpAuth, user: 'caller', ...plainPassword('caller secret') },
});
const lines = [];
const logger = pino({ level: 'info' }, { write: (line) => lines.push(line) });

const flows = [
  { id: 'tab', type: 'tab', label: 'Secret flow name' },
  { id: 'in-post', type: 'http in', z: 'tab', url: '/echo', method: 'post', wires: [['fn']] },
  { id: 'in-get', type: 'http in', z: 'tab', url: '/echo', method: 'get', wires: [['fn']] },
  {
    id: 'fn',
    type: 'function',
    z: 'tab',
    func: 'msg.payload = { ip: msg.req.ip, body: msg.payload, authorization: msg.req.headers.authorization || null }; return msg;',
    outputs: 1,
    wires: [['out']],
  },
  { id: 'out', type: 'http response', z: 'tab', wires: [] },
  { id: 'wsl', type: 'websocket-listener', path: '/ws/echo', wholemsg: 'false' },
  { id: 'wsin', type: 'websocket in', z: 'tab', server: 'wsl', wires: [['wsout']] },
  { id: 'wsout', type: 'websocket out', z: 'tab', server: 'wsl', wires: [] },
];
const storageModule = {
  init: async () => {},
  getFlows: async () => flows,
  saveFlows: async () => {},
  getCredentials: async () => ({}),
  saveCredentials: async () => {},
  getSettings: async () => ({}),
  saveSettings: async () => {},
  getSessions: async () => ({}),
  saveSessions: async () => {},
  getLibraryEntry: async () => [],
  saveLibraryEntry: async () => {},
};

mkdirSync(options.dir, { recursive: true });
writeFileSync(join(options.dir, 'package.json'), '{"name":"test","private":true}');
const auth = await createAuth({ config, logger, audit: NO_AUDIT, dataDir: options.dir, ring: new KeyRing('a test') });
const http = await createHttpServer({
  auth,
  config,
  logger,
  dataDir: options.dir,
  health: { ready: () => ({ ok: true, reasons: [] }) },
});
// Apps that are mounted in others hide their routes: they are noted as they are made, those of nodes too.
const made = [];
const makeRoute = express.Router.route;
express.Router.route = function (path) {
  const route = makeRoute.call(this, path);
  made.push(route);
  return route;
};
RED.init(http.server, {
  userDir: options.dir,
  httpAdminRoot: config.server.editorPath,
  httpNodeRoot: config.server.httpPath,
  httpAdminMiddleware: auth.gate,
  adminAuth: auth.adminAuth,
  credentialSecret: 'test',
  storageModule,
  externalModules: { palette: { allowInstall: false } },
  telemetryEnabled: false,
  editorTheme: { tours: false, palette: { catalogues: [] } },
  logging: { capture: { level: 'info', audit: true, handler: () => (message) => lines.push(JSON.stringify(message)) } },
});
http.mountNodeRed({ adminApp: RED.httpAdmin, nodeApp: RED.httpNode, scriptHashes: () => ['sha256-dGVzdA=='] });
// A route of a node that forgot to ask for a permission.
RED.httpAdmin.get('/forgotten/route', (_req, res) => res.send('secret'));
const started = new Promise((resolve) => RED.events.once('flows:started', resolve));
await RED.start();
await started;
await http.listen();
process.send({ url: http.url });

for (;;) {
  const [message] = await once(process, 'message');
  if (message === 'lines') process.send({ lines });
  if (message === 'routes')
    process.send({
      routes: made.flatMap(({ path, methods }) =>
        [path].flat().flatMap((one) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${one}`)),
      ),
    });
  if (message === 'stop') {
    http.stopAccepting();
    await http.drained();
    http.closeWebSockets();
    await http.close();
    await RED.stop();
    await auth.close();
    process.disconnect();
    process.exit(0);
  }
}
