// A stock Node-RED with sign-in, as a child process of a test: it prints what the admin API can be asked, and its
// address, and runs until its parent ends it. `node live-router.ts <userDir> [without]`
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> };
}

const require = createRequire(import.meta.url);
const RED = require('node-red') as {
  init(server: unknown, settings: object): void;
  start(): Promise<void>;
  httpAdmin(request: unknown, response: unknown): void;
};
/** The app that nodes add their routes to: it is mounted in the one above. */
const runtime = require('@node-red/runtime') as { httpAdmin: { _router?: { stack: Layer[] } } };

const server = createServer((request, response) => RED.httpAdmin(request, response));
RED.init(server, {
  userDir: process.argv[2],
  flowFile: 'flows.json',
  httpNodeRoot: false,
  // The pack is a workspace of this repository: it is found beside Node-RED itself.
  externalModules: { palette: { denyList: process.argv[3] === 'without' ? ['@redstart/*'] : [] } },
  editorTheme: { tours: false },
  telemetry: { enabled: false },
  logging: { console: { level: 'error' } },
  adminAuth: {
    type: 'credentials',
    users: (user: string) => Promise.resolve(user === 'reader' ? { username: 'reader', permissions: 'read' } : null),
    authenticate: (user: string) =>
      Promise.resolve(user === 'reader' ? { username: 'reader', permissions: 'read' } : null),
  },
});
await RED.start();

const layers = runtime.httpAdmin._router?.stack ?? [];
const routes = layers.flatMap(({ route }) =>
  [route?.path ?? []]
    .flat()
    .flatMap((path) => Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`)),
);
// What is mounted hides its routes: only how much of it there is can be told.
const mounted = layers.filter(({ route }) => route === undefined).length;
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(JSON.stringify({ url, routes, mounted }));
});
