import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { limitUploads, UPLOAD_LIMITS } from './upload-limits.ts';

it('a form with files makes no list larger than it may, as Node-RED reads it', async () => {
  limitUploads();
  limitUploads();
  const nodes = createRequire(createRequire(import.meta.url).resolve('@node-red/nodes/package.json'));
  const multer = nodes('multer') as ((o: object) => { any(): express.RequestHandler }) & { memoryStorage(): object };
  const app = express();
  app.post('/', multer({ storage: multer.memoryStorage() }).any(), (req, res) => void res.json(req.body));
  app.use(((error, _req, res, _next) => void res.status(400).end(error.code)) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const post = async (...names: string[]): Promise<string> => {
    const form = new FormData();
    for (const name of names) form.append(name, '1');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return (await fetch(url, { method: 'POST', body: form })).text();
  };
  expect(JSON.parse(await post('a', 'b[1]', 'c[d]'))).toEqual({ a: '1', b: [null, '1'], c: { d: '1' } });
  expect(await post('a[999999999]')).toBe('LIMIT_FIELD_ARRAY_INDEX');
  expect(await post(`a${'[b]'.repeat(UPLOAD_LIMITS.fieldNestingDepth + 1)}`)).toBe('LIMIT_FIELD_NESTING');
  expect(await post(...Array.from({ length: UPLOAD_LIMITS.fields + 1 }, (_, n) => `a${n}`))).toBe('LIMIT_FIELD_COUNT');
  server.close();
});
