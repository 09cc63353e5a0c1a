/** What a package-lock.json says of one package; the parts that the policy looks at. */
export interface LockedPackage {
  version?: string;
  license?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  inBundle?: boolean;
  hasInstallScript?: boolean;
}

export interface Lock {
  lockfileVersion: number;
  packages: Record<string, LockedPackage>;
}

export interface Manifest {
  name: string;
  license?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

/** Licences that ask for no more than their notice when the program is passed on. MPL-2.0 asks for its own files only. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'Artistic-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
  'Zlib',
]);

/** Their package.json names no licence; this was read in the file that they ship. A new version is to be read again. */
const READ_BY_HAND: Readonly<Record<string, string>> = {
  'busboy@1.6.0': 'MIT',
  'cli-table@0.3.11': 'MIT',
  'passport-http-bearer@1.0.1': 'MIT',
  'passport-oauth2-client-password@0.1.2': 'MIT',
  'passport-strategy@1.0.0': 'MIT',
  'pause@0.0.1': 'MIT',
  'qrcode-terminal@0.12.0': 'Apache-2.0',
  'streamsearch@1.1.0': 'MIT',
};

const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** Everything in the lock file and the manifests that the project does not take, one sentence each. */
export function dependencyProblems(lock: Lock, manifests: readonly Manifest[]): string[] {
  const problems: string[] = [];
  if (lock.lockfileVersion !== 3) problems.push(`the lock file is of version ${lock.lockfileVersion}; 3 is read here`);
  for (const manifest of manifests) problems.push(...rangeProblems(manifest));
  const allowed = manifests[0]?.allowScripts ?? {};
  for (const [path, locked] of Object.entries(lock.packages)) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (!path.includes('node_modules/') || locked.link) continue;
    const id = `${name}@${locked.version}`;
    // A bundled package is part of its parent's archive, whose hash covers it.
    if (!locked.integrity && !locked.inBundle) problems.push(`${id} has no hash in the lock file`);
    if (locked.resolved && !locked.resolved.startsWith('https://registry.npmjs.org/')) {
      problems.push(`${id} comes from ${new URL(locked.resolved).host}, not from the npm registry`);
    }
    if (locked.hasInstallScript && !(name in allowed)) {
      problems.push(`${id} runs a script when it is installed; "allowScripts" in package.json does not name it`);
    }
    const licence = locked.license ?? READ_BY_HAND[id];
    if (!licence) problems.push(`${id} names no licence: read the one it ships, and note it in the policy`);
    else if (!acceptable(licence)) problems.push(`${id} is under ${licence}, which the policy does not know`);
  }
  return problems;
}

/** An appliance's own dependencies are exact; a package for others (the node pack) says what it can live with. */
function rangeProblems(manifest: Manifest): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  return Object.entries(all)
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${manifest.name} asks for ${name} ${version}; give one exact version`);
}

/** SPDX: of "A OR B" one is enough, of "A AND B" both are needed. */
function acceptable(expression: string): boolean {
  return expression
    .replace(/[()]/g, ' ')
    .split(/\sOR\s/)
    .some((either) => either.split(/\sAND\s/).every((licence) => LICENCES.has(licence.trim())));
}
