import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { logFindings } from './log-findings.ts';
import { onTab } from './testing/check-nodes.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-check-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

async function logged(nodes: readonly object[]) {
  writeFileSync(join(dir, 'f.json'), JSON.stringify(nodes));
  const lines: [Record<string, unknown>, string][] = [];
  const warn = (fields: Record<string, unknown>, text: string) => void lines.push([fields, text]);
  await logFindings(loadConfig({ env: { REDSTART_FLOWS_DIR: dir, REDSTART_DATA_DIR: `${dir}-data` }, cwd: dir }), {
    warn,
  } as never);
  return lines;
}

it('what the check finds is logged with its place, what the start says itself is not', async () => {
  const nodes = onTab({ id: 'a', type: 'inject', name: 'A', wires: [['gone']] }, { id: 'b', type: 'nope', wires: [] });
  expect(await logged(nodes)).toEqual([
    [
      { rule: 'wire-dangling', severity: 'error', file: 'f.json', line: 1, node: 'a', nodeName: 'A', flow: 'Tab' },
      expect.stringMatching(/^check: Output 1 is wired to "gone".+Bring the node back/),
    ],
  ]);
});

it('many findings do not bury the log, and a wrong .redstartrc stops nothing', async () => {
  const nodes = onTab(...Array.from({ length: 50 }, (_, n) => ({ id: `n${n}`, type: 'inject', wires: [['gone']] })));
  const lines = await logged(nodes);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toEqual([{ findings: 50 }, 'check: 30 more findings; redstart check shows all']);
  writeFileSync(join(dir, '.redstartrc'), 'rules: {nope: off}');
  expect(await logged(nodes)).toMatchObject([
    [{ err: { code: 'CHECK_SETTINGS_INVALID' } }, 'the flow files could not be checked'],
  ]);
});
