import { evaluateProcess } from '../config/index.ts';
import { diffFlows } from '../diff/diff-flows.ts';
import { renderMarkdown, renderText } from '../diff/diff-text.ts';
import { readVersion, versionPair } from '../diff/flow-version.ts';

export interface DiffCommand {
  form: 'text' | 'markdown' | 'json';
  positions: boolean;
  /** 1 when there are differences, for scripts. */
  exitCode: boolean;
}

/** `redstart diff`: what changed in meaning between two versions of flows. */
export function diff(first: string, second: string | undefined, { form, positions, exitCode }: DiffCommand): void {
  const flowsDir = evaluateProcess({ local: false }).settings.find(({ variable }) => variable === 'REDSTART_FLOWS_DIR');
  const options = { cwd: process.cwd(), defaultPath: flowsDir?.value ?? './flows' };
  const [before, after] = versionPair(first, second, options);
  const changes = diffFlows(readVersion(before, options), readVersion(after, options), { positions });
  process.stdout.write(
    form === 'json'
      ? `${JSON.stringify(changes, null, 2)}\n`
      : form === 'markdown'
        ? renderMarkdown(changes)
        : renderText(changes),
  );
  if (exitCode && changes.length > 0) process.exitCode = 1;
}
