import type { Reporter, TestModule } from 'vitest/node';
import type { Figures } from './attempts.ts';

/** One table at the end of the run: what was tried and what was refused, by subject. */
export default class AttackTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const sums = new Map<string, Figures>();
    for (const module of modules)
      for (const test of module.children.allTests())
        for (const [subject, figures] of Object.entries(test.meta().attempts?.figures ?? {})) {
          const sum = sums.get(subject) ?? { tried: 0, refused: 0, open: 0 };
          sum.tried += figures.tried;
          sum.refused += figures.refused;
          sum.open += figures.open;
          sums.set(subject, sum);
        }
    if (sums.size > 0) console.log(`\n${attackTable(sums)}\n`);
  }
}

export function attackTable(sums: ReadonlyMap<string, Figures>): string {
  const rows = [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = { tried: 0, refused: 0, open: 0 };
  for (const [, figures] of rows) for (const key of ['tried', 'refused', 'open'] as const) all[key] += figures[key];
  const width = Math.max(...rows.map(([subject]) => subject.length), 8);
  const line = (subject: string, cells: readonly (string | number)[]): string =>
    `  ${subject.padEnd(width)}${cells.map((cell) => String(cell).padStart(18)).join('')}`;
  const body = [...rows, ['all', all] as const].map(([subject, { tried, refused, open }]) =>
    line(subject, [tried, refused, open, tried - refused - open]),
  );
  return [line('attacks', ['tried', 'refused', 'open, as said', 'let in']), ...body].join('\n');
}
