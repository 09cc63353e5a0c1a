import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { nodeInStack, nodeTrace } from '../runtime/node-trace.ts';
import { type FromChild, LAST_NODE_BYTES, LAST_NODE_FILE, type ToChild } from './child-protocol.ts';
import { VirtualTime } from './virtual-time.ts';

// The process in which rehearsals run. Virtual time comes first: a module may keep the timers that it finds.

const [, , dir = '', nodesAllow = ''] = process.argv;
const realNow = performance.now.bind(performance);
const time = new VirtualTime(() => nodeTrace.node());
time.install();

const lastNode = openSync(join(dir, LAST_NODE_FILE), 'w');
const say = (message: FromChild): void => void process.send?.(message);

try {
  const { Stage } = await import('./stage.ts');
  const { runRehearsal } = await import('./run-rehearsal.ts');
  const stage = await Stage.start({
    time,
    realNow,
    dir,
    nodesAllow,
    onNode: ({ name, type }) =>
      writeSync(lastNode, `${name || type}`.padEnd(LAST_NODE_BYTES).slice(0, LAST_NODE_BYTES), 0),
  });
  for (const fault of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(fault, (error: unknown) => {
      const id = nodeInStack(String((error as Error)?.stack)) ?? nodeTrace.node() ?? '';
      stage.fault(id, error);
    });
  }
  process.on('message', (message: ToChild) => {
    if (message.what === 'end') process.exit(0);
    void runRehearsal(stage, message.rehearsal, realNow).then((result) => say({ what: 'done', result }));
  });
  process.on('disconnect', () => process.exit(0));
  say({ what: 'ready' });
} catch (error) {
  const { message, details } = error as Error & { details?: string[] };
  say({ what: 'failed', message: [message, ...(details ?? [])].join('\n') });
  process.disconnect?.();
}
