// Installs and builds what is missing, so that `npm start` and `npm test` work on a fresh clone.
// Runs on whatever Node the machine has: everything after it runs on the Node that package.json pins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.redstart-installed');
const bin = (name) => join(root, 'node_modules', '.bin', name);

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error || status !== 0) {
    console.error(
      `\n${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}.`,
    );
    process.exit(status || 1);
  }
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : '';
if (installed !== wanted || !existsSync(bin('node'))) {
  console.log('Installing dependencies…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, `${wanted}\n`);
}
run(bin('node'), [join(root, 'scripts', 'build.mjs'), '--if-stale']);
