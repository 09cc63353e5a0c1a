// Adds up what every test command wrote with vitest's JSON reporter and prints the closing line of .ci/run.
// A step that failed counts as a failure even where no test of it did (a lint error, a crash before the first test).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
for (const name of files) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + (report.numTodoTests ?? 0);
}
if (failed === 0) failed = Number(failedSteps);
if (files.length === 0 || passed === 0) {
  console.error('No test ran.');
  failed = Math.max(failed, 1);
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
