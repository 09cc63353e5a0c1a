// Writes what is generated from the code: docs/environment.md and .env.example from the configuration's schema,
// docs/errors.md from the catalogues of error codes, docs/flowtest.schema.json from what a rehearsal may say, docs/status.schema.json from what the status page is told, the rules in docs/check.md from theirs, server/check/known-types.ts from
// what the nodes tell the editor, docs/nodes/ from their help and dialogs. Unit tests fail when they differ; run this and commit the result.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { asModule } from '../bench/as-module.ts';
import { renderRulesInto } from '../server/check/rules-page.ts';
import { renderEnvExample, renderEnvironmentPage } from '../server/config/docs.ts';
import { renderErrorsPage } from '../server/errors-page.ts';
import { statusJsonSchema } from '../server/operations/status-schema.ts';
import { flowTestJsonSchema } from '../server/rehearsal/rehearsal-schema.ts';

// The nodes are CommonJS once compiled, and nothing that Node.js could load before.
const build = fileURLToPath(new URL('build.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [build, '--if-stale'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const { ERROR_CATALOGUE } = createRequire(import.meta.url)('../nodes/dist/lib/errors.js');

const write = (path, text) => writeFileSync(new URL(`../${path}`, import.meta.url), text);
write('docs/environment.md', renderEnvironmentPage());
write('.env.example', renderEnvExample());
write('docs/errors.md', renderErrorsPage(ERROR_CATALOGUE));
write('docs/flowtest.schema.json', `${JSON.stringify(flowTestJsonSchema(), null, 2)}\n`);
write('docs/status.schema.json', `${JSON.stringify(statusJsonSchema(), null, 2)}\n`);
write('docs/check.md', renderRulesInto(readFileSync(new URL('../docs/check.md', import.meta.url), 'utf8')));
asModule('/nodes/');
write('server/check/known-types.ts', await (await import('./node-types.ts')).renderKnownTypes());

const pages = await (await import('./node-pages.ts')).renderNodePages();
const nodePages = new URL('../docs/nodes/', import.meta.url);
mkdirSync(nodePages, { recursive: true });
for (const name of readdirSync(nodePages)) if (!pages.has(name)) rmSync(new URL(name, nodePages));
for (const [name, text] of pages) write(`docs/nodes/${name}`, text);
