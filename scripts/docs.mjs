// Writes what is generated from the configuration's schema: docs/environment.md and .env.example.
// A unit test fails when they differ from the schema; run this and commit the result.
import { writeFileSync } from 'node:fs';
import { renderEnvExample, renderEnvironmentPage } from '../server/config/docs.ts';

writeFileSync(new URL('../docs/environment.md', import.meta.url), renderEnvironmentPage());
writeFileSync(new URL('../.env.example', import.meta.url), renderEnvExample());
