import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkFlows } from '../check-flows.ts';
import type { Finding } from '../finding.ts';
import { createWorld } from '../world.ts';

export interface CheckTestOptions {
  allow?: readonly string[];
  variables?: readonly string[];
  connections?: readonly string[];
  httpAuth?: 'closed' | 'basic' | 'none';
  rc?: string;
}

/** What the check says of these files: a list of nodes, or the text of the file. */
export function checkFiles(
  files: Record<string, readonly object[] | string>,
  options: CheckTestOptions = {},
): Finding[] {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-check-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    }
    if (options.rc !== undefined) writeFileSync(join(dir, '.redstartrc'), options.rc);
    const world = createWorld(
      {
        nodesAllow: options.allow ?? [],
        connections: (options.connections ?? []).map((id) => ({ id })),
        httpAuth: { mode: options.httpAuth ?? 'closed' },
      },
      options.variables ?? [],
    );
    return checkFlows({ path: dir, world, base: dir }).findings;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Nodes on a tab of their own, beside which there is nothing wrong. */
export function onTab(...nodes: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return [{ id: 'tab', type: 'tab', label: 'Tab' }, ...nodes.map((node) => ({ z: 'tab', ...node }))];
}
