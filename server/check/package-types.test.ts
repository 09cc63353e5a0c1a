import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { packageTypes } from './package-types.ts';

it('the types of an allowed package are read from its files, and nothing of it is run', () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-check-'));
  try {
    const folder = join(dir, 'node_modules', 'node-red-contrib-x');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ 'node-red': { nodes: { x: 'x.js', y: 'gone.js' } } }));
    writeFileSync(join(folder, 'x.js'), "throw new Error('run'); RED.nodes.registerType('x in', X);");
    writeFileSync(join(folder, 'x.html'), '<script>RED.nodes.registerType("x out", {})</script>');
    expect(packageTypes('node-red-contrib-x', [dir])).toEqual(['x in', 'x out']);
    expect(packageTypes('node-red-contrib-none', [dir])).toBeNull();
    writeFileSync(join(folder, 'package.json'), '{');
    expect(packageTypes('node-red-contrib-x', [dir])).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("the check works under Node's permission model, which refuses to tell what is above the flows", () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-check-'));
  try {
    mkdirSync(join(dir, 'flows'));
    writeFileSync(join(dir, 'flows', 'f.json'), JSON.stringify([{ id: 'a', type: 'comment', z: 'gone' }]));
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const script = `
      const { checkFlows } = await import('./server/check/check-flows.ts');
      const { createWorld } = await import('./server/check/world.ts');
      const world = createWorld({ nodesAllow: ['node-red-contrib-none'], connections: [], httpAuth: { mode: 'closed' } }, []);
      console.log(checkFlows({ path: process.argv[1], world }).findings.map(({ rule }) => rule).join());`;
    const allowed = [root, join(dir, 'flows')].map((path) => `--allow-fs-read=${path}`);
    const args = ['--permission', ...allowed, '--input-type=module', '-e', script, join(dir, 'flows')];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['flow-unknown\n', '']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
