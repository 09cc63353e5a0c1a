import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { Metrics } from '../metrics/metrics.ts';
import { statusJsonSchema } from './status-schema.ts';
import { sampleReport } from './testing/sample-report.ts';

const docs = join(import.meta.dirname, '../../docs');

it('docs/status.schema.json is what the code says: run `npm run docs`', () => {
  const file = JSON.parse(readFileSync(join(docs, 'status.schema.json'), 'utf8')) as unknown;
  expect(file).toEqual(JSON.parse(JSON.stringify(statusJsonSchema())));
});

it('takes a report, and nothing that it does not describe', () => {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(statusJsonSchema());
  expect([validate(sampleReport(3)), validate.errors]).toEqual([true, null]);
  expect(validate({ ...sampleReport(3), more: 1 })).toBe(false);
});

it('docs/operations.md names every metric and its labels', async () => {
  const snapshot = {
    ready: true,
    standby: false,
    storeFault: false,
    flows: { running: 0, held: 0, disabled: 0 },
    git: null,
    messagesInFlight: 0,
    messages: [],
  };
  const text = await new Metrics('1', () => snapshot).text();
  const names = [...text.matchAll(/^# HELP (redstart_\S+)/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(15);
  const page = readFileSync(join(docs, 'operations.md'), 'utf8');
  expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  const told = [...page.matchAll(/^\| `(redstart_\w+)` \|/gm)].map(([, name = '']) => name);
  expect(told.filter((name) => !names.includes(name))).toEqual([]);
});
