// `npm run dependencies`: holds what is installed to the policy, and writes what the program is made of (CycloneDX).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dependencyProblems, type Lock, type Manifest } from './dependency-policy.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const SBOM = 'dist/sbom.cdx.json';

const root = read('package.json') as Manifest;
const problems = dependencyProblems(read('package-lock.json') as Lock, [root, read('nodes/package.json') as Manifest]);
for (const problem of problems) console.error(problem);

const sbom = execFileSync(
  'npm',
  ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--omit', 'dev'],
  {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  },
);
const bill = JSON.parse(sbom) as { metadata: { component: { name: string } }; components: unknown[] };
// npm writes the folder's name, which is another one in each clone.
bill.metadata.component.name = root.name;
mkdirSync('dist', { recursive: true });
writeFileSync(SBOM, `${JSON.stringify(bill, null, 2)}\n`);
console.log(`${bill.components.length} packages in ${SBOM}; ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
