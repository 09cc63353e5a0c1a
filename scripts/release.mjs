// Makes a release: builds, tests, packs the node pack and the chart's files, builds the image, and puts all of it with SBOM,
// changelog and checksums into one folder.
//   node scripts/release.mjs                  release what package.json says, into release/VERSION
//   node scripts/release.mjs --set 1.2.3      write that version to every place first, and stop: commit and tag it
//   --out DIR   another folder    --skip-tests   when they have passed on this very commit    --no-image   without an engine
//   --docker CLIENT   another client than docker
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changelog } from './release/changelog.mjs';
import { setVersion, versions } from './release/versions.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: {
    set: { type: 'string' },
    out: { type: 'string' },
    'skip-tests': { type: 'boolean', default: false },
    'no-image': { type: 'boolean', default: false },
    docker: { type: 'string', default: 'docker' },
  },
});

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(command, args, capture = false) {
  if (!capture) console.log(`\n$ ${[command, ...args].join(' ')}`);
  const stdio = ['ignore', capture ? 'pipe' : 'inherit', 'inherit'];
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio,
    maxBuffer: 64 << 20,
  });
  if (error || status !== 0) fail(`${command} failed: ${error?.message ?? `exit code ${status}`}`);
  return capture ? stdout.trim() : '';
}

if (options.set !== undefined) {
  setVersion(root, options.set);
  console.log(`The version is ${options.set} now. Commit it, tag it v${options.set}, and run this again.`);
  process.exit(0);
}

const all = versions(root);
const { version } = all[0];
const other = all.find((place) => place.version !== version);
if (other) fail(`${other.file} says ${other.version}, package.json ${version}: run this with --set ${version}`);
if (run('git', ['status', '--porcelain'], true) !== '')
  fail('There are changes that are not committed: a release is of a commit.');
const revision = run('git', ['rev-parse', 'HEAD'], true);
const date = run('git', ['show', '--no-patch', '--format=%cI', 'HEAD'], true);

const out = options.out ?? join(root, 'release', version);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

run('npm', ['run', 'setup']);
if (!options['skip-tests']) {
  for (const script of ['lint', 'typecheck', 'test', 'test:container']) run('npm', ['run', script]);
}
run('npm', ['pack', '--workspace', 'nodes', '--pack-destination', out]);
run('tar', [
  '--create',
  '--gzip',
  '--file',
  join(out, `redstart-chart-${version}.tgz`),
  '--directory',
  join(root, 'docker'),
  '--transform',
  's,^chart,redstart,',
  'chart',
]);
writeFileSync(join(out, 'CHANGELOG.md'), changelog(root, { version, date: date.slice(0, 10) }));

if (!options['no-image']) {
  const client = options.docker;
  const tag = `redstart:${version}`;
  const labels = { VERSION: version, REVISION: revision, CREATED: date };
  const args = Object.entries(labels).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  run(client, ['build', '--tag', tag, ...args, '.']);
  writeFileSync(
    join(out, `redstart-${version}.sbom.json`),
    `${run(client, ['run', '--rm', '--entrypoint', 'cat', tag, '/app/sbom.json'], true)}\n`,
  );
  run(client, ['save', '--output', join(out, `redstart-${version}.image.tar`), tag]);
}

async function sha256(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
const files = readdirSync(out).sort();
const sums = await Promise.all(files.map(async (name) => `${await sha256(join(out, name))}  ${name}\n`));
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
console.log(
  `\n${readFileSync(join(out, 'SHA256SUMS'), 'utf8')}\nRelease ${version} is in ${out}. To check it: sha256sum --check SHA256SUMS`,
);
