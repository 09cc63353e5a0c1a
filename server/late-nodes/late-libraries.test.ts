import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** In a process of its own: what is loaded here is what other tests have loaded. */
const code = (body: string): string => `
import { createRequire } from 'node:module';
import { types } from 'node:util';
import { loadLibrariesLate } from ${JSON.stringify(join(import.meta.dirname, 'late-libraries.ts'))};
const require = createRequire(${JSON.stringify(import.meta.filename)});
loadLibrariesLate();
const { util } = require('@node-red/util');
require('@node-red/registry');
const loaded = () => ['moment-timezone.js', '/tar/'].map((file) => Object.keys(require.cache).some((each) => each.includes(file) && !types.isProxy(require.cache[each].exports)));
const tell = [loaded()];
${body}
console.log(JSON.stringify(tell));`;
const run = (body: string): unknown =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code(body)], { encoding: 'utf8' }));

it('Node-RED starts without them, and an expression has its dates', () => {
  const body = `
const expression = util.prepareJSONataExpression("$moment('2026-03-29T00:30:00Z').tz('Europe/Berlin').add(1, 'hour').format('HH:mm')", {});
util.evaluateJSONataExpression(expression, {}, (error, value) => tell.push(error?.message ?? value));
await new Promise((done) => setTimeout(done, 100));
tell.push(loaded(), typeof require('moment-timezone').tz.zone);`;
  expect(run(body)).toEqual([[false, false], '03:30', [true, false], 'function']);
});

it('the one for packages is there for whoever looks into it', () => {
  const body = `
const { createRequire: from } = await import('node:module');
const tar = from(require.resolve('@node-red/registry'))('tar');
tell.push('x' in tar, typeof tar.x, loaded());`;
  expect(run(body)).toEqual([[false, false], true, 'function', [false, true]]);
});

it('a package that takes one before it is loaded can use it as ever', () => {
  const body = `
const moment = require('moment-timezone');
moment.defaultFormat = 'YYYY';
tell.push(moment('2026-03-29').format(), new moment('2026-03-29') instanceof moment, Object.keys(moment).includes('tz'));
delete moment.defaultFormat;
tell.push('defaultFormat' in require('moment-timezone'));
const tar = createRequire(require.resolve('@node-red/registry'))('tar');
tell.push(Object.hasOwn(tar, 'extract'), typeof { ...tar }.extract);`;
  expect(run(body)).toEqual([[false, false], '2026', true, true, false, true, 'function']);
});
