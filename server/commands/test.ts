import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { nodePolicy } from '../../settings/node-policy.ts';
import { ConfigError, evaluateProcess } from '../config/index.ts';
import { EXIT, RedstartError } from '../errors.ts';
import { runInChildren } from '../rehearsal/child-pool.ts';
import { coverageOf, coverageText } from '../rehearsal/coverage.ts';
import { findTestFiles, TEST_ENDING } from '../rehearsal/flow-set.ts';
import { junit } from '../rehearsal/junit.ts';
import { loadRehearsals } from '../rehearsal/load-rehearsals.ts';
import type { RehearsalResult } from '../rehearsal/rehearsal.ts';
import { problemText, resultText, summaryText } from '../rehearsal/report-text.ts';
import { watchAndRerun } from '../rehearsal/watch-and-rerun.ts';

export interface TestFlags {
  only?: string;
  bail?: boolean;
  junit?: string;
  coverage?: boolean;
  coverageJson?: string;
  minCoverage?: number;
  watch?: boolean;
  jobs?: number;
}

/** `redstart test`: exit code 1 when something is not as expected. */
export async function test(path: string | undefined, flags: TestFlags): Promise<void> {
  const { config, problems } = evaluateProcess({ local: false });
  if (!config) throw new ConfigError(problems);
  // Wrong names are told here, and not by each process.
  nodePolicy(config.nodesAllow);
  const nodesAllow = config.nodesAllow.join(',');
  const where = path ?? config.flows.dir;
  // By default the signal would end this process alone, and not the processes that it started.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.once(signal, () => process.exit(128 + number));
  const run = (): Promise<boolean> => runOnce(where, flags, nodesAllow);
  if (!(await (flags.watch ? watchAndRerun(where, run, [flags.junit, flags.coverageJson]) : run())))
    process.exitCode = EXIT.failure;
}

/** A process of its own is worth its start from so many rehearsals on. */
const WORTH_A_PROCESS = 25;

async function runOnce(path: string, options: TestFlags, nodesAllow: string): Promise<boolean> {
  const began = performance.now();
  const files = await testFiles(path);
  const { rehearsals: all, problems, sets } = await loadRehearsals(files);
  if (problems.length > 0) {
    throw new RedstartError({
      code: 'FLOW_TESTS_INVALID',
      message: `${problems.length === 1 ? 'a test file has one problem' : `the test files have ${problems.length} problems`}\n\n${problems.map((each) => `  ${problemText(each)}`).join('\n')}\n`,
      mend: 'Correct what is named above; docs/rehearsals.md has an example of everything.',
    });
  }
  const wanted = options.only?.toLowerCase();
  const rehearsals =
    wanted === undefined ? all : all.filter(({ name, file }) => `${file} ${name}`.toLowerCase().includes(wanted));
  if (rehearsals.length === 0) {
    throw new RedstartError({
      code: 'FLOW_TESTS_NONE',
      message:
        all.length === 0
          ? `there is no rehearsal in ${path} (*${TEST_ENDING})`
          : `no rehearsal has "${options.only}" in its name or file`,
      mend:
        all.length === 0
          ? 'Put one beside the flows: docs/rehearsals.md shows how.'
          : 'Leave --only out to see the names of all.',
    });
  }
  const results: (RehearsalResult | null)[] = rehearsals.map(() => null);
  // Printed in the order of the files, whichever process ends first.
  let printed = 0;
  let file = '';
  const print = (): void => {
    for (let result = results[printed]; result; result = results[++printed]) {
      const rehearsal = rehearsals[printed];
      if (!rehearsal) break;
      if (rehearsal.file !== file) process.stdout.write(`${printed > 0 ? '\n' : ''}${rehearsal.file}\n`);
      file = rehearsal.file;
      process.stdout.write(resultText(rehearsal, result));
    }
  };
  await runInChildren(rehearsals, {
    children: options.jobs ?? Math.min(availableParallelism(), Math.ceil(rehearsals.length / WORTH_A_PROCESS)),
    nodesAllow,
    onResult(index, result) {
      results[index] = result;
      print();
      return !(options.bail && result.failures.length > 0);
    },
  });
  const done = results.filter((result) => result !== null);
  const failed = done.filter(({ failures }) => failures.length > 0).length;
  process.stdout.write(
    `\n${summaryText({ passed: done.length - failed, failed, skipped: results.length - done.length, ms: performance.now() - began })}`,
  );
  if (options.junit !== undefined)
    writeFileSync(
      options.junit,
      junit(rehearsals.map((rehearsal, index) => ({ rehearsal, result: results[index] ?? null }))),
    );
  const coverage = coverageOf(sets, rehearsals, done);
  if (options.coverage) process.stdout.write(`\n${coverageText(coverage)}`);
  if (options.coverageJson !== undefined) writeFileSync(options.coverageJson, `${JSON.stringify(coverage, null, 2)}\n`);
  const enough = options.minCoverage === undefined || coverage.percent >= options.minCoverage;
  if (!enough) process.stdout.write(`coverage is ${coverage.percent} %, and ${options.minCoverage} % is asked for\n`);
  return failed === 0 && enough;
}

async function testFiles(path: string): Promise<string[]> {
  const kind = await stat(path).catch(() => null);
  if (!kind || (kind.isFile() && !path.endsWith(TEST_ENDING))) {
    throw new RedstartError({
      code: 'FLOW_TESTS_UNREADABLE',
      message: kind ? `${path} is no test file (*${TEST_ENDING})` : `there is no ${path}`,
      mend: `Name a test file (*${TEST_ENDING}), or a folder that holds some.`,
    });
  }
  return await findTestFiles(path);
}
