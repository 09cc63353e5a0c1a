import type { Rehearsal, RehearsalResult } from './rehearsal.ts';

export type Ran = { rehearsal: Rehearsal; result: RehearsalResult | null };

/** The results in the form that CI systems read. One that did not run because of --bail is skipped. */
export function junit(ran: readonly Ran[]): string {
  const files = new Map<string, Ran[]>();
  for (const each of ran) files.set(each.rehearsal.file, [...(files.get(each.rehearsal.file) ?? []), each]);
  const suites = [...files].map(([file, cases]) => {
    const failed = cases.filter(({ result }) => result && result.failures.length > 0).length;
    const skipped = cases.filter(({ result }) => !result).length;
    const seconds = cases.reduce((sum, { result }) => sum + (result?.ms ?? 0), 0) / 1000;
    return [
      `  <testsuite name="${xml(file)}" tests="${cases.length}" failures="${failed}" skipped="${skipped}" time="${seconds.toFixed(3)}">`,
      ...cases.map(testCase),
      '  </testsuite>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="rehearsals">\n${suites.join('\n')}\n</testsuites>\n`;
}

function testCase({ rehearsal, result }: Ran): string {
  const { name, file, place } = rehearsal;
  const head = `    <testcase name="${xml(name)}" classname="${xml(file)}" file="${xml(file)}" line="${place.line}" time="${((result?.ms ?? 0) / 1000).toFixed(3)}"`;
  if (!result) return `${head}><skipped/></testcase>`;
  if (result.failures.length === 0) return `${head}/>`;
  const failures = result.failures.map(
    (failure) =>
      `      <failure message="${xml(failure.message)}">${xml([`${file}:${failure.place.line}:${failure.place.column}`, ...failure.details].join('\n'))}</failure>`,
  );
  return `${head}>\n${failures.join('\n')}\n    </testcase>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** Characters that XML does not know at all are left out. */
function xml(text: string): string {
  return text.replace(/[^\t\n\r\x20-\ufffd]/g, '').replace(/[&<>"\n]/g, (one) => ESCAPES[one] ?? one);
}
