// Leaves in node_modules what the program can reach at run time, and prints what that saved.
//   node prune-modules.mjs APP_DIR
// Development packages go, as do packages that a dependency declares and does not load, and files that are for
// people or compilers. What is left out cannot have a vulnerability, and is not in the SBOM.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Declared by a package, loaded by nothing that runs here. */
const NOT_LOADED = {
  // Installing from the palette is off, and it would need a writable /app.
  '@node-red/registry': ['npm', 'uglify-js'],
  // The command line of plain Node-RED; only its library is used.
  'node-red': ['node-red-admin'],
  // Peers for those who compile.
  i18next: ['typescript'],
  valibot: ['typescript'],
};
const FOR_COMPILERS = /^@types\/|^@typescript\/|^typescript$/;

/** At the top of a package only: deeper ones are code (yaml/dist/doc, for instance). */
const FOR_PEOPLE = new Set([
  ...['test', 'tests', '__tests__', 'doc', 'docs', 'bench', 'benchmark', 'benchmarks', 'example', 'examples'],
  ...['coverage', 'typings', '.github', '.husky', '.vscode', '.idea', '.nyc_output', 'man'],
]);
const SOURCE_ONLY =
  /\.(?:[cm]?ts|tsx|map|flow|tsbuildinfo)$|\.test\.[cm]?js$|\.(?:md|markdown)$|^\.(?:npmignore|eslint.*|prettier.*|editorconfig|travis\.yml|taprc|babelrc)$/i;
const LICENCE = /^(?:un)?licen[cs]e|^copying|^notice|^authors/i;
/** Second builds of the same code that Node.js does not choose, by package; the largest ones. */
const OTHER_BUILDS = {
  'csv-parse': ['dist/esm', 'dist/iife', 'dist/umd'],
  jsonata: ['jsonata-es5.js', 'jsonata-es5.min.js', 'jsonata.min.js'],
  'moment-timezone': ['builds'],
  xml2js: ['lib/xml2js.bc.js'],
  moment: ['min', 'src', 'dist'],
  mqtt: ['dist'],
  'js-sdsl': ['dist/umd', 'dist/esm'],
  yaml: ['browser'],
  pino: ['browser.js'],
};
/** Packages that are imported and never required; `api` is both. */
const IMPORTED = /^@opentelemetry\/(?!api$)/;

const app = process.argv[2] ?? '.';
const modules = join(app, 'node_modules');

const read = (dir) => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));

/** As Node.js looks a package up: in node_modules of the folder, then of each one above. */
function find(from, name) {
  for (let dir = from; ; dir = dirname(dir)) {
    const place = join(dir, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return realpathSync(place);
    if (dir === dirname(dir) || realpathSync(dir) === realpathSync(app)) return null;
  }
}

function reach(dir, kept) {
  if (kept.has(dir)) return;
  kept.add(dir);
  const { name, dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = read(dir);
  const optional = new Set(Object.keys(optionalDependencies));
  for (const wanted of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    if (NOT_LOADED[name]?.includes(wanted) || FOR_COMPILERS.test(wanted)) continue;
    const place = find(dir, wanted);
    if (place) reach(place, kept);
    else if (wanted in dependencies && !optional.has(wanted))
      throw new Error(`${name} needs ${wanted}, which is not there`);
  }
}

function* packages(folder) {
  for (const entry of readdirSync(folder)) {
    const place = join(folder, entry);
    if (entry.startsWith('@')) yield* packages(place);
    else if (existsSync(join(place, 'package.json'))) {
      yield place;
      if (!lstatSync(place).isSymbolicLink() && existsSync(join(place, 'node_modules')))
        yield* packages(join(place, 'node_modules'));
    }
  }
}

function size(path) {
  const info = lstatSync(path);
  return info.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0) : info.size;
}

const saved = { packages: 0, bytes: 0, files: 0 };
function remove(path) {
  saved.bytes += size(path);
  rmSync(path, { recursive: true, force: true });
}

function thin(dir, top, name) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === 'node_modules') continue;
      if (dir === top && FOR_PEOPLE.has(entry.name.toLowerCase())) remove(path);
      else thin(path, top, name);
    } else if (
      (SOURCE_ONLY.test(entry.name) && !LICENCE.test(entry.name)) ||
      (IMPORTED.test(name) && /\.cjs$/.test(path))
    ) {
      saved.files += 1;
      remove(path);
    }
  }
}

const before = size(modules);
const kept = new Set();
const root = realpathSync(app);
const workspaces = new Set((read(app).workspaces ?? []).map((folder) => realpathSync(join(app, folder))));
reach(root, kept);
for (const workspace of workspaces) reach(workspace, kept);

const all = [...packages(modules)];
for (const place of all) {
  if (!existsSync(place)) continue;
  const real = realpathSync(place);
  if (kept.has(real)) continue;
  // Nested packages of one that goes may be wanted by nobody else: they are below it.
  saved.packages += 1;
  remove(place);
}
for (const real of kept) {
  if (!real.startsWith(`${realpathSync(modules)}${sep}`)) continue;
  const { name } = read(real);
  // The editor serves type declarations to its code editor, and examples of its nodes to its import dialog.
  if (!name.startsWith('@node-red/')) thin(real, real, name);
  for (const build of OTHER_BUILDS[name] ?? []) if (existsSync(join(real, build))) remove(join(real, build));
}
for (const entry of readdirSync(modules)) {
  const path = join(modules, entry);
  if (entry.startsWith('.') || (entry.startsWith('@') && readdirSync(path).length === 0)) remove(path);
}
// Node-RED asks where npm is when it is loaded, and runs it only to install from the palette, which is off.
mkdirSync(join(modules, 'npm'), { recursive: true });
const absent = { name: 'npm', version: '0.0.0', private: true, description: 'Left out of this image.' };
writeFileSync(join(modules, 'npm', 'package.json'), `${JSON.stringify(absent)}\n`);
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(
  `${relative('', modules) || modules}: ${mb(before)} → ${mb(before - saved.bytes)}; ${saved.packages} of ${all.length} packages and ${saved.files} files left out`,
);
