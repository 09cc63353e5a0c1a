import { pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import { version } from '../version.ts';
import type { CheckResult } from './check-flows.ts';
import type { Finding, Severity } from './finding.ts';
import { RULE_IDS, RULES } from './rule-catalogue.ts';

export type CheckReport = CheckResult;
export type Form = 'text' | 'json' | 'sarif' | 'github';

/** The findings in the form that is wanted, line break at the end included. */
export function render(report: CheckReport, form: Form): string {
  if (form === 'json') return `${JSON.stringify({ ...report, ...countOf(report.findings) }, null, 2)}\n`;
  if (form === 'sarif') return `${JSON.stringify(sarif(report.findings), null, 2)}\n`;
  if (form === 'github') return `${report.findings.map(annotation).join('')}${summary(report)}\n`;
  return text(report);
}

function countOf(findings: readonly Finding[]): Record<'errors' | 'warnings' | 'infos', number> {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return { errors: of('error'), warnings: of('warning'), infos: of('info') };
}

function summary(report: CheckReport): string {
  const { errors, warnings, infos } = countOf(report.findings);
  const number = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
  const found = [number(errors, 'error', 'errors'), number(warnings, 'warning', 'warnings')];
  if (infos > 0) found.push(number(infos, 'note', 'notes'));
  return `${found.join(', ')} in ${number(report.nodes, 'node', 'nodes')} of ${number(report.files, 'file', 'files')}.`;
}

const COLOURS = { error: 'red', warning: 'yellow', info: 'cyan' } as const;

/** For a person: by file, each finding with its place, its node, and how to mend it. */
function text(report: CheckReport): string {
  const lines: string[] = [];
  let file: string | null | undefined;
  for (const finding of report.findings) {
    if (finding.file !== file) {
      file = finding.file;
      lines.push(styleText('underline', oneLine(file ?? 'Environment')));
    }
    const place = finding.line === null ? '' : `${finding.line}:${finding.column} `;
    const severity = styleText(COLOURS[finding.severity], finding.severity);
    lines.push(
      `  ${place}${severity} ${oneLine(subject(finding) + finding.message)} ${styleText('dim', finding.rule)}`,
      styleText('dim', `      → ${oneLine(finding.mend)}`),
    );
  }
  if (lines.length > 0) lines.push('');
  return `${[...lines, summary(report)].join('\n')}\n`;
}

/** `inject "Nightly" in "Reports": ` */
function subject({ node, flow }: Finding): string {
  if (!node) return '';
  return `${node.type} ${node.name ? `"${node.name}"` : node.id}${flow ? ` in "${flow}"` : ''}: `;
}

/** A name may hold anything: nothing of it may pass for a line or a control sequence of the terminal. */
function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** An annotation of GitHub's: shown at the line of a pull request. */
function annotation(finding: Finding): string {
  const command = { error: 'error', warning: 'warning', info: 'notice' }[finding.severity];
  const property = (value: string): string => data(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const properties = [
    ...(finding.file === null ? [] : [`file=${property(finding.file)}`]),
    ...(finding.line === null ? [] : [`line=${finding.line}`, `col=${finding.column}`]),
    `title=${property(finding.rule)}`,
  ];
  return `::${command} ${properties.join(',')}::${data(`${subject(finding)}${finding.message}\n→ ${finding.mend}`)}\n`;
}

function data(value: string): string {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** SARIF 2.1.0, which code scanning services read. */
function sarif(findings: readonly Finding[]): object {
  const levels = { error: 'error', warning: 'warning', info: 'note' } as const;
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'redstart check',
            version: version(),
            rules: RULE_IDS.map((id) => ({
              id,
              shortDescription: { text: RULES[id].what },
              fullDescription: { text: `${RULES[id].what} ${RULES[id].why}` },
              help: { text: RULES[id].mend },
              defaultConfiguration: { level: levels[RULES[id].severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: RULE_IDS.indexOf(finding.rule),
          level: levels[finding.severity],
          message: { text: `${subject(finding)}${finding.message} ${finding.mend}` },
          ...(finding.file !== null && {
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: uriOf(finding.file) },
                  ...(finding.line !== null && {
                    region: { startLine: finding.line, startColumn: finding.column ?? 1 },
                  }),
                },
                ...(finding.node && {
                  logicalLocations: [
                    { name: finding.node.name || finding.node.id, fullyQualifiedName: finding.node.id, kind: 'object' },
                  ],
                }),
              },
            ],
          }),
        })),
      },
    ],
  };
}

function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href;
  return file.split(/[\\/]/).map(encodeURIComponent).join('/');
}
