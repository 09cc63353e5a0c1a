import { styleText } from 'node:util';
import { ConfigError, evaluateProcess, type Setting } from '../config/index.ts';
import { reportFailure } from '../report-failure.ts';

/** Shows what the environment amounts to, also when it is wrong: that is when somebody looks. */
export async function config({ json = false, local = false }: { json?: boolean; local?: boolean }): Promise<void> {
  const { problems, warnings, settings } = evaluateProcess({ local });
  if (json) {
    console.log(JSON.stringify({ ok: problems.length === 0, settings, warnings, problems }, null, 2));
  } else {
    console.log(table(settings));
    for (const warning of warnings) console.error(`warning: ${warning}`);
    if (problems.length > 0) console.error('');
  }
  if (problems.length === 0) return;
  const error = new ConfigError(problems);
  if (!json) reportFailure(error);
  process.exitCode = error.exitCode;
}

function table(settings: readonly Setting[]): string {
  const rows = settings.map(({ variable, value, source, from, valid }) => [
    variable,
    valid || value === 'not accepted' ? value : `${value}, not accepted`,
    from ? `${source} (${from})` : source,
  ]);
  const head = ['VARIABLE', 'VALUE', 'FROM'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    styleText('bold', line(head)),
    ...rows.map((row) => (row[2] === 'default' ? styleText('dim', line(row)) : line(row))),
  ].join('\n');
}
