import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { temporaryFolder } from './support/folder.ts';

const root = join(import.meta.dirname, '..');

// The command as it is built, as a CI system runs it.
it('rehearses every flow that ships, and tells a CI system', async () => {
  const folder = temporaryFolder();
  for (const dir of ['flows', join('nodes', 'examples')]) {
    const names = readdirSync(join(root, dir));
    const flows = names.filter((name) => name.endsWith('.json')).map((name) => name.replace(/json$/, 'flowtest.yaml'));
    expect(flows.filter((name) => !names.includes(name))).toEqual([]);

    const report = join(folder, 'report.xml');
    const coverage = join(folder, 'coverage.json');
    const run = Appliance.launch({
      folder,
      args: [
        'test',
        join(root, dir),
        '--junit',
        report,
        '--coverage-json',
        coverage,
        '--min-coverage',
        '75',
        '--jobs',
        '1',
      ],
    });
    expect(await run.exited, run.output).toBe(0);
    const xml = await readFile(report, 'utf8');
    for (const name of flows) expect(xml).toContain(`testsuite name="${join(root, dir, name)}"`);
    expect(xml).toMatch(/failures="0"/);
    const { flows: covered } = JSON.parse(await readFile(coverage, 'utf8')) as {
      flows: { flow: string; missedNodes: unknown[] }[];
    };
    expect(covered).toHaveLength(flows.length);
  }
});
