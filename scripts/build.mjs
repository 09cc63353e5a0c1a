// Compiles the server, the simulator and the node pack, and puts the nodes' editor files beside their code,
// which is where Node-RED looks for them. With --if-stale it does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'dist', '.built');
const SOURCES = [
  'server',
  'settings',
  'simulator',
  'nodes',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'package-lock.json',
];
const OUTPUTS = ['dist', 'nodes/dist', 'nodes/resources'];
const NOT_SOURCE = new Set(['dist', 'node_modules', 'resources', 'examples']);
const ASSET = /\.(html|json|svg|png)$/;

function* files(path) {
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path)) if (!NOT_SOURCE.has(name)) yield* files(join(path, name));
}

const sources = SOURCES.flatMap((source) => [...files(join(root, source))]);
const list = createHash('sha256').update(sources.join('\n')).digest('hex');
const state = `${list} ${Math.max(...sources.map((file) => statSync(file).mtimeMs))}`;
const before = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
if (process.argv.includes('--if-stale') && before === state) process.exit(0);

console.log('Building…');
// Compilers leave behind what a removed source once became, and the pack would ship it.
if (!before.startsWith(list))
  for (const folder of OUTPUTS) rmSync(join(root, folder), { recursive: true, force: true });
const { status } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-b'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const pack = join(root, 'nodes');
for (const file of files(pack)) {
  const place = relative(pack, file);
  if (!/^(?:seqera|redstart)-/.test(place) || !ASSET.test(place) || !place.includes(sep)) continue;
  const target = join(pack, 'dist', place);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
}
// The editor's half of the server's own nodes.
for (const file of files(join(root, 'server')))
  if (file.endsWith('.html')) copyFileSync(file, join(root, 'dist', relative(root, file)));
// The dialogs and the help of core nodes that are loaded late: Node-RED looks for them beside the code.
const core = join(root, 'node_modules', '@node-red', 'nodes');
const late = join(root, 'server', 'late-nodes', 'core');
for (const file of files(late)) {
  const dialog = relative(late, file).replace(/\.ts$/, '.html');
  const copies = [
    join('core', dialog),
    ...readdirSync(join(core, 'locales')).map((lang) => join('locales', lang, dialog)),
  ];
  for (const copy of copies.filter((one) => existsSync(join(core, one)))) {
    const target = join(root, 'dist', 'server', 'late-nodes', copy);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(core, copy), target);
  }
}
await bundle(root);
chmodSync(join(root, 'dist', 'server', 'main.js'), 0o755);
writeFileSync(stampFile, state);
