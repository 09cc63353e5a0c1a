import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeqeraError } from '../../nodes/lib/errors.ts';
import { blocksOf } from '../../scripts/doc-commands.ts';
import { COMPONENTS, LOG_LEVEL_NAMES } from '../config/log-levels.ts';
import { createFlowIndex } from './flow-index.ts';
import { createLogBridge } from './log-bridge.ts';
import { createLogs } from './logs.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/logs.md'), 'utf8');
/** First and second cell of each row of the tables. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const names = rows.flatMap(([, first = '']) => [...first.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));

/** What the program writes of a day like that of the page's examples. */
function sampleLog(): string {
  let text = '';
  let now = Date.parse('2026-01-05T07:00:00Z');
  const logs = createLogs(
    { log: { level: 'info', components: {}, format: 'json' } },
    {
      write: (line: string) => {
        text += line;
      },
    },
    { now: () => now },
  );
  const index = createFlowIndex();
  index.replace([
    { id: 't1', type: 'tab', label: 'Nightly' },
    { id: 'n1', type: 'seqera-workflow-monitor', name: 'Follow it', z: 't1' },
  ]);
  const say = createLogBridge(logs.of('node-red'), index);
  for (let i = 0; i < 12; i += 1) {
    const error = new SeqeraError('SEQERA_FORBIDDEN', 'may not', { runId: '5x9ZkLmN1c4' });
    say({ level: 20, id: 'n1', type: 'seqera-workflow-monitor', z: 't1', msg: error });
    now += 1000;
  }
  logs.of('connections').warn({ connection: 'default' }, 'the token file cannot be read');
  logs.flush();
  return text;
}

describe('docs/logs.md', () => {
  it('has every level and every component, with what it is for, and none that there is not', () => {
    const known = [...LOG_LEVEL_NAMES, ...Object.keys(COMPONENTS)];
    expect(names.filter((name) => known.includes(name ?? ''))).toEqual(known);
    for (const [name, what] of Object.entries(COMPONENTS)) expect(page).toContain(`| \`${name}\` | ${what} |`);
  });

  it('has every field of lines about nodes and runs', () => {
    const fields = new Set(
      sampleLog()
        .trim()
        .split('\n')
        .flatMap((line) => Object.keys(JSON.parse(line) as object)),
    );
    // Of one line alone, as the page says that there are.
    fields.delete('connection');
    expect([...fields].filter((field) => !names.includes(field))).toEqual([]);
    for (const field of ['runId', 'flowLabel', 'repeated']) expect(fields).toContain(field);
  });

  const examples = blocksOf('docs/logs.md').filter(({ code }) => code.startsWith('jq '));
  const hasJq = spawnSync('jq', ['--version']).status === 0;

  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(4));

  it.skipIf(!hasJq).each(examples)('finds in a log of the program what is shown: $code', ({ code, shows }) => {
    const folder = mkdtempSync(join(tmpdir(), 'redstart-jq-'));
    try {
      writeFileSync(join(folder, 'redstart.log'), sampleLog());
      const { stdout, stderr, status } = spawnSync('bash', ['-ec', code], { cwd: folder, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(shows.length).toBeGreaterThan(0);
      for (const text of shows) expect(stdout).toContain(text);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
