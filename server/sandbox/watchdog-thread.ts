// Runs in a thread of its own, so that it runs on while the program's own thread does not.
import { renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeInStack } from '../runtime/node-trace.ts';
import { LOOP_EXIT_CODE, type WatchdogData, WITNESS } from './watchdog-contract.ts';

const { beats, tickMs, witnessTicks, limitTicks, suspectFile } = workerData as WatchdogData;
const count = new Int32Array(beats);
// Connected while it is allowed: the program gives the right away before flows run.
const session = new Session();
session.connectToMainThread();
let watching: NodeJS.Timeout | undefined;
parentPort?.on('message', (message: 'arm' | 'disarm') => {
  clearInterval(watching);
  watching = message === 'arm' ? setInterval(watch, tickMs) : undefined;
});
parentPort?.postMessage('connected');

let last = -1;
let still = 0;
let suspecting = false;

// Told of each script when the debugger is switched on: the frames of a stack have only the ids of theirs.
const functionCode = new Map<string, string>();
session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
  if (nodeInStack(url) !== undefined) functionCode.set(scriptId, url);
});

session.on('Debugger.paused', ({ params }) => {
  const stack = params.callFrames.map(({ location }) => functionCode.get(location.scriptId) ?? '').join('\n');
  const blocked = (still * tickMs) / 1000;
  const ending = still >= limitTicks;
  ask(`globalThis[Symbol.for(${JSON.stringify(WITNESS)})](${JSON.stringify(nodeInStack(stack) ?? null)})`, (text) => {
    const running = typeof text === 'string' ? (JSON.parse(text) as object) : null;
    if (running) note({ ...running, cause: ending ? 'loop' : 'stall', at: new Date().toISOString() });
    if (ending) end(running, blocked);
    else session.post('Debugger.resume');
  });
});

/** Counted in own ticks, not in time: a machine that was asleep has blocked nothing. */
function watch(): void {
  const beat = Atomics.load(count, 0);
  still = beat === last ? still + 1 : 0;
  last = beat;
  if (still === 0) {
    if (suspecting) recovered();
  } else if (still === witnessTicks || still === limitTicks) {
    suspecting = true;
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  } else if (still === limitTicks + Math.ceil(2000 / tickMs)) {
    // It does not even come to a stop: in native code. The signal does not ask.
    end(null, (still * tickMs) / 1000);
  }
}

function recovered(): void {
  suspecting = false;
  session.post('Debugger.disable');
  functionCode.clear();
  rmSync(suspectFile, { force: true });
}

function ask(expression: string, answer: (value: unknown) => void): void {
  session.post('Runtime.evaluate', { expression, returnByValue: true }, (error, found) =>
    answer(error || found?.exceptionDetails ? null : found?.result.value),
  );
}

function note(suspect: object): void {
  try {
    writeFileSync(`${suspectFile}.new`, JSON.stringify(suspect), { mode: 0o600 });
    renameSync(`${suspectFile}.new`, suspectFile);
  } catch {
    // A full disk: the line below still says it.
  }
}

function end(running: object | null, seconds: number): void {
  const where = running && 'nodeName' in running ? `node "${running.nodeName}"` : 'code that belongs to no flow';
  const flow = running && 'flowLabel' in running ? ` of flow "${running.flowLabel}"` : '';
  const line = {
    level: 'fatal',
    time: new Date().toISOString(),
    component: 'sandbox',
    code: 'FLOW_BLOCKED_EVERYTHING',
    ...running,
    msg: `${where}${flow} kept everything else waiting for ${seconds} s: the program ends with ${LOOP_EXIT_CODE}${flow && ', and the next start holds that flow back'}`,
  };
  // The logger lives in the thread that is blocked.
  writeSync(1, `${JSON.stringify(line)}\n`);
  session.post('Runtime.evaluate', { expression: `process.reallyExit(${LOOP_EXIT_CODE})` });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000);
}
