// Installs and builds what is missing, so that `npm start` and `npm test` work on a fresh clone.
// Runs on whatever Node the machine has: everything after it runs on the Node that package.json pins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.redstart-installed');
const bin = (name) => join(modules, '.bin', name);

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
  // npm would empty the folder behind the link, under whoever else uses it.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error(
      `Nothing was installed: ${modules} is a symbolic link, and its packages are not those of package-lock.json.\n` +
        '→ Remove the link and start again; or install in the folder that it leads to.',
    );
    process.exit(1);
  }
  console.log('Installing dependencies…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, `${wanted}\n`);
}
run(bin('node'), [join(root, 'scripts', 'build.mjs'), '--if-stale']);
