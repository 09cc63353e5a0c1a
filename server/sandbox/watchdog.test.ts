import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOOP_EXIT_CODE } from './watchdog-contract.ts';

it('names the node whose code stands in the stack, also where no message is being handled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-watchdog-'));
  const suspectFile = join(folder, 'suspect.json');
  // As Node-RED runs what a function node is to do when it starts.
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `import vm from 'node:vm';
    const { startWatchdog } = await import(${JSON.stringify(new URL('./watchdog.ts', import.meta.url).href)});
    const running = (node) => ({ node, nodeName: 'On start', flow: 'tab', flowLabel: 'Tab' });
    const watchdog = startWatchdog({ limitSeconds: 1, suspectFile: ${JSON.stringify(suspectFile)}, held: { running } });
    await watchdog.watching;
    watchdog.arm();
    new vm.Script('for (;;) {}', { filename: 'Function node setup:fn-1' }).runInNewContext();`,
  );
  const { status, stdout } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const suspect: unknown = JSON.parse(readFileSync(suspectFile, 'utf8'));
  rmSync(folder, { recursive: true });
  expect(status).toBe(LOOP_EXIT_CODE);
  expect(JSON.parse(stdout)).toMatchObject({ code: 'FLOW_BLOCKED_EVERYTHING', node: 'fn-1', flow: 'tab' });
  expect(suspect).toMatchObject({ node: 'fn-1', cause: 'loop' });
}, 30_000);
