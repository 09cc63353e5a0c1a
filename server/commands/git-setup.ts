import { resolve } from 'node:path';
import { evaluateProcess } from '../config/index.ts';
import { gitSetup as setUp } from '../diff/git-setup.ts';

/** `redstart git-setup`: git merges and shows the flow files of this clone by what they mean. */
export function gitSetup(path: string | undefined, { undo }: { undo: boolean }): void {
  const setting = evaluateProcess({ local: false }).settings.find(({ variable }) => variable === 'REDSTART_FLOWS_DIR');
  const done = setUp({
    cwd: process.cwd(),
    flowsDir: resolve(path ?? setting?.value ?? './flows'),
    command: [process.execPath, process.argv[1] ?? 'redstart'],
    undo,
  });
  for (const line of done) console.log(line);
}
