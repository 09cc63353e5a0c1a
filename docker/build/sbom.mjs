// Writes what is in the image as a CycloneDX 1.6 document: the packages that are really there, not those that were
// asked for. (`npm sbom` refuses a tree with a peer that is not to its taste, and has a new serial number each time.)
//   node sbom.mjs APP_DIR FILE
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [app = '.', file = 'sbom.json'] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const lock = read(join(app, 'package-lock.json')).packages;

function* packages(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder).sort()) {
    const place = join(folder, entry);
    if (entry.startsWith('@')) yield* packages(place);
    else if (existsSync(join(place, 'package.json')) && !lstatSync(place).isSymbolicLink()) {
      // Private: a stand-in for a package that was left out.
      if (!read(join(place, 'package.json')).private) yield place;
      yield* packages(join(place, 'node_modules'));
    }
  }
}

const purl = (name, version) => `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;

function licences({ license, licenses }) {
  const named =
    typeof license === 'object' ? license?.type : (license ?? licenses?.map(({ type }) => type).join(' OR '));
  if (!named) return {};
  // An expression is for SPDX's own words; anything else is a name.
  return {
    licenses: [
      /^[\w.+() -]+$/.test(named) && !/^see /i.test(named) ? { expression: named } : { license: { name: named } },
    ],
  };
}

function component(place) {
  const { name, version, description, ...rest } = read(join(place, 'package.json'));
  const [algorithm, digest] = (lock[relative(app, place)]?.integrity ?? '').split('-');
  const hashes = digest
    ? {
        hashes: [
          {
            alg: algorithm.toUpperCase().replace('SHA', 'SHA-'),
            content: Buffer.from(digest, 'base64').toString('hex'),
          },
        ],
      }
    : {};
  return {
    type: 'library',
    'bom-ref': `${purl(name, version)}#${relative(app, place)}`,
    name,
    version,
    ...(description ? { description } : {}),
    ...licences(rest),
    purl: purl(name, version),
    ...hashes,
  };
}

const product = read(join(app, 'package.json'));
const node = process.versions.node;
const components = [
  {
    type: 'platform',
    'bom-ref': `pkg:generic/node@${node}`,
    name: 'node',
    version: node,
    purl: `pkg:generic/node@${node}`,
    licenses: [{ license: { id: 'MIT' } }],
  },
  { ...component(join(app, 'nodes')), 'bom-ref': 'node-pack' },
  ...[...packages(join(app, 'node_modules')), ...packages(join(app, 'nodes', 'node_modules'))].map(component),
];
const content = JSON.stringify(components);
const digest = createHash('sha256').update(content).digest('hex');
const serial = [
  digest.slice(0, 8),
  digest.slice(8, 12),
  `5${digest.slice(13, 16)}`,
  `a${digest.slice(17, 20)}`,
  digest.slice(20, 32),
];
const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${serial.join('-')}`,
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': 'redstart',
      name: product.name,
      version: product.version,
      licenses: [{ license: { id: product.license } }],
    },
  },
  components,
};
writeFileSync(file, `${JSON.stringify(document, null, 1)}\n`);
console.log(`${file}: ${components.length} components`);
