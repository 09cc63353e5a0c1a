import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// .ci/run adds up the reports of every command: each writes one when it is told where.
const results = process.env.REDSTART_RESULTS;
const suite = process.env.REDSTART_SUITE ?? 'fast';
// One moment of a busy machine must not refuse a change: in CI a test has a second try, which the report shows as
// "retry x1". What is broken is broken the second time too.
const retry = process.env.CI ? 1 : 0;
const slow = { testTimeout: 60_000, hookTimeout: 60_000 };

const fast = [
  {
    test: {
      name: 'unit',
      include: [
        '{server,settings,simulator,scripts}/**/*.test.ts',
        'nodes/*.test.ts',
        'nodes/{lib,seqera-*,redstart-*,editor}/**/*.test.ts',
      ],
      exclude: ['**/dist/**', '**/node_modules/**'],
      // Property tests and child processes, on machines that do other things as well.
      testTimeout: 20_000,
      retry,
    },
  },
  { test: { name: 'appliance', include: ['test/*.test.ts'], retry, ...slow } },
];
const other = [
  {
    test: {
      name: suite,
      include: [`test/${suite}/**/*.test.ts`],
      testTimeout: 600_000,
      hookTimeout: 120_000,
      retry: suite === 'long' ? 0 : retry,
    },
  },
];

// Attacks end with a table of what was tried and refused.
const reporters = ['default', ...(suite === 'attacks' ? ['./test/support/attack-table.ts'] : [])];

export default defineConfig({
  test: {
    reporters,
    projects: suite === 'fast' ? fast : other,
    // A browser and an appliance fill two cores: two of each only make each other late.
    maxWorkers: suite === 'browser' || suite === 'container' ? 1 : 3,
    ...(results ? { reporters: [...reporters, 'json'], outputFile: { json: join(results, `${suite}.json`) } } : {}),
  },
});
