// A hundred rehearsals of the flows that ship, as `redstart test` runs them: seconds after the processes have started.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const WANTED = Number(process.env.REHEARSALS ?? 100);
const RUNS = Number(process.env.RUNS ?? 3);
const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(tmpdir(), 'redstart-bench-'));

/** Runs the command and gives what its JUnit report says: seconds of the rehearsals, and seconds in all. */
function run(jobs: number): { each: number; wall: number; failed: number } {
  const report = join(dir, 'report.xml');
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist', 'server', 'main.js'), 'test', dir, '--junit', report, '--jobs', String(jobs)],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  const wall = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  const times = [...readFileSync(report, 'utf8').matchAll(/<testcase .* time="([\d.]+)"/g)].map(([, time]) =>
    Number(time),
  );
  if (times.length !== WANTED) throw new Error(`${times.length} rehearsals ran`);
  return { each: times.reduce((sum, time) => sum + time, 0), wall, failed: status };
}

try {
  const sources = ['flows', 'nodes/examples'].map((folder) => join(root, folder));
  for (const folder of sources) cpSync(folder, dir, { recursive: true });
  // The same rehearsals again under other names, until there are enough.
  let left = WANTED;
  const files = readdirSync(dir).filter((name) => name.endsWith('.flowtest.yaml'));
  const contents = new Map(
    files.map((name) => [name, parse(readFileSync(join(dir, name), 'utf8')) as { rehearsals: { name: string }[] }]),
  );
  const rounds = new Map<string, { name: string }[]>();
  for (let round = 1; left > 0; round++) {
    for (const [name, { rehearsals }] of contents) {
      for (const each of rehearsals) {
        if (left === 0) break;
        left--;
        rounds.set(name, [...(rounds.get(name) ?? []), { ...each, name: `${each.name} (${round})` }]);
      }
    }
  }
  for (const [name, content] of contents)
    writeFileSync(join(dir, name), stringify({ ...content, rehearsals: rounds.get(name) ?? [] }));
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  for (const jobs of [1, 2]) {
    const runs = Array.from({ length: RUNS }, () => run(jobs));
    const seconds = (pick: (one: (typeof runs)[number]) => number) => Math.round(median(runs.map(pick)) * 100) / 100;
    console.log(
      JSON.stringify({
        bench: 'rehearsals',
        rehearsals: WANTED,
        processes: jobs,
        runs: RUNS,
        secondsAfterStart: seconds(({ each }) => each / jobs),
        secondsInAll: seconds(({ wall }) => wall),
        goals: { secondsAfterStart: '< 10' },
      }),
    );
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
