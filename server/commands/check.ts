import { checkFlows } from '../check/check-flows.ts';
import { worldOf } from '../check/environment-findings.ts';
import type { Severity } from '../check/finding.ts';
import { type CheckReport, type Form, render } from '../check/reports.ts';
import { evaluateProcess } from '../config/index.ts';
import { variablesForFlows } from '../config/process-config.ts';
import { EXIT } from '../errors.ts';

export interface CheckCommand {
  form: Form;
  /** Warnings fail the check as well. */
  strict: boolean;
  /** Look at the environment too. */
  environment: boolean;
}

/** `redstart check`: reads files, starts nothing. */
export function check(path: string | undefined, { form, strict, environment }: CheckCommand): void {
  const evaluation = evaluateProcess({ local: false });
  const { world, findings } = worldOf(evaluation, variablesForFlows());
  const flowsDir = evaluation.settings.find(({ variable }) => variable === 'REDSTART_FLOWS_DIR')?.value ?? './flows';
  const result = checkFlows({ path: path ?? flowsDir, world });
  const report: CheckReport = { ...result, findings: [...(environment ? findings : []), ...result.findings] };
  process.stdout.write(render(report, form));
  const fatal: readonly Severity[] = strict ? ['error', 'warning'] : ['error'];
  if (report.findings.some(({ severity }) => fatal.includes(severity))) process.exitCode = EXIT.failure;
}
