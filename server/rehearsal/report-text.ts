import { styleText } from 'node:util';
import type { FileProblem } from './file-problem.ts';
import { spoken } from './milliseconds.ts';
import type { Failure, Rehearsal, RehearsalResult } from './rehearsal.ts';

/** One rehearsal, as it is printed when it has ended. */
export function resultText(rehearsal: Rehearsal, result: RehearsalResult): string {
  const passed = result.failures.length === 0;
  const mark = passed ? styleText('green', '✓') : styleText('red', '✗');
  const time = styleText('dim', `(${Math.round(result.ms)} ms for ${spoken(result.virtualMs)})`);
  const lines = [`${mark} ${rehearsal.name} ${time}`];
  // Failures of one rehearsal often have one cause: the same path is shown once.
  const said = new Set<string>();
  for (const failure of result.failures) {
    const details = failure.details.filter((line) => !line.startsWith('path of') || !said.has(line));
    for (const line of details) said.add(line);
    lines.push(...failureLines(rehearsal.file, { ...failure, details }));
  }
  return `${lines.join('\n')}\n`;
}

function failureLines(file: string, { place, message, details }: Failure): string[] {
  return [
    `    ${styleText('red', message)}`,
    `      at ${file}:${place.line}:${place.column}`,
    ...details.map((line) => `      ${line}`),
  ];
}

export function problemText({ file, place, message }: FileProblem): string {
  return `${file}:${place.line}:${place.column}: ${message}`;
}

export function summaryText(o: { passed: number; failed: number; skipped: number; ms: number }): string {
  const parts = [`${o.passed} passed`];
  if (o.failed > 0) parts.push(styleText('red', `${o.failed} failed`));
  if (o.skipped > 0) parts.push(`${o.skipped} not run`);
  return `${parts.join(', ')} in ${(o.ms / 1000).toFixed(1)} s\n`;
}
