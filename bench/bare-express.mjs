// Node-RED in an Express app with nothing of the hardening, as its documentation shows embedding: what the hardening is
// compared with. Arguments: the folder of a bench subject and a port.
import { createServer } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import RED from 'node-red';

const [folder, port] = process.argv.slice(2);
const app = express();
const server = createServer(app);
RED.init(server, {
  httpAdminRoot: '/editor',
  httpNodeRoot: '/api',
  userDir: join(folder, 'user'),
  flowFile: join(folder, 'flows', 'flows.json'),
  telemetry: { enabled: false },
  logging: { console: { level: 'warn' } },
});
app.use('/editor', RED.httpAdmin);
app.use('/api', RED.httpNode);
server.listen(Number(port), '127.0.0.1');
await RED.start();
process.on('SIGTERM', () => process.exit(0));
