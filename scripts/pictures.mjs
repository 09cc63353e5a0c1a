// Takes the pictures of the documentation anew: drives the browser tests that show what the pages show, and leaves in docs/images/
// what they see. Needs Chromium. Look at what changed before you commit it.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const TESTS = ['first-flow', 'main-job', 'status'].map((name) => `test/browser/${name}.test.ts`);

for (const args of [
  [join(root, 'scripts', 'build.mjs'), '--if-stale'],
  [bin('vitest'), 'run', ...TESTS],
]) {
  const { status } = spawnSync(bin('node'), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, REDSTART_SUITE: 'browser', REDSTART_PICTURES: join(root, 'docs', 'images') },
  });
  if (status !== 0) process.exit(status ?? 1);
}
