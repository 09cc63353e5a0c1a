import { createHmac } from 'node:crypto';
import { judge } from './judge.ts';
import { milliseconds } from './milliseconds.ts';
import type { Placed, Rehearsal, RehearsalResult } from './rehearsal.ts';
import type { RehearsalEvent } from './rehearsal-event.ts';
import type { Step } from './rehearsal-schema.ts';
import { type Stage, StageError } from './stage.ts';

/** What is on its way at the end has this virtual time to arrive. */
const LAST_MS = 1000;

/** Runs one rehearsal from a fresh start, and says what was not as expected. */
export async function runRehearsal(
  stage: Stage,
  rehearsal: Rehearsal,
  realNow: () => number,
): Promise<RehearsalResult> {
  const began = realNow();
  const result: RehearsalResult = { failures: [], ms: 0, virtualMs: 0, covered: { nodes: [], wires: [] } };
  let place = rehearsal.place;
  try {
    await stage.open(rehearsal);
    for (const [index, step] of rehearsal.steps.entries()) {
      place = step.places[''] ?? place;
      await perform(stage, step, index);
    }
    place = rehearsal.place;
    await stage.wait(LAST_MS);
    result.failures.push(...judge(rehearsal, { events: stage.recorder.events, held: stage.held() }));
  } catch (error) {
    const details = error instanceof StageError ? error.details : [];
    result.failures.push({ place, message: (error as Error).message, details });
  }
  result.virtualMs = Math.max(0, Date.now() - rehearsal.at);
  const events = stage.recorder.stop();
  result.covered = covered(events);
  try {
    await stage.close();
  } catch (error) {
    const details = error instanceof StageError ? error.details : [];
    result.failures.push({
      place: rehearsal.place,
      message: `the flows do not stop: ${(error as Error).message}`,
      details,
    });
  }
  result.ms = realNow() - began;
  return result;
}

async function perform(stage: Stage, { what, nodeIds: [nodeId = ''] }: Placed<Step>, index: number): Promise<void> {
  if (what.inject !== undefined) stage.receive(nodeId, what.message ?? {});
  if (what.send !== undefined) stage.receive(nodeId, what.message ?? {});
  if (what.request !== undefined) request(stage, what, what.request, index);
  if (what.dataLink !== undefined) {
    for (const each of what.put ?? []) {
      const { path, size, content } =
        typeof each === 'string' ? { path: each, size: undefined, content: undefined } : each;
      stage.simulator.putObject(what.dataLink, path, size, content);
    }
    for (const path of what.remove ?? []) stage.simulator.removeObject(what.dataLink, path);
  }
  if (what.endRun !== undefined) endRun(stage, what.endRun);
  if (what.platform !== undefined) stage.simulator.setScenario(what.platform);
  if (what.restart) await stage.deploy();
  await stage.wait(what.wait === undefined ? 0 : (milliseconds(what.wait) ?? 0));
}

function request(stage: Stage, { headers = {}, body, sign }: Step, call: string, step: number): void {
  const [method = 'GET', path = '/'] = call.split(' ');
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const signed: Record<string, string> = {};
  if (sign) {
    const { header = 'X-Hub-Signature-256', prefix = 'sha256=', secret } = sign;
    signed[header] =
      prefix +
      createHmac('sha256', secret)
        .update(text ?? '')
        .digest('hex');
  }
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  stage.call({
    method: method === '*' ? 'GET' : method,
    path,
    headers: { ...(text === undefined ? {} : { 'content-type': type }), ...signed, ...headers },
    body: text,
    step,
  });
}

function endRun(stage: Stage, end: NonNullable<Step['endRun']>): void {
  const { status, run, errorMessage } =
    typeof end === 'string' ? { status: end, run: undefined, errorMessage: undefined } : end;
  const live = stage.simulator.runs.filter((each) => ['SUBMITTED', 'RUNNING', 'UNKNOWN'].includes(each.status));
  const found = live.findLast(
    (each) => run === undefined || [each.id, each.runName, each.pipelineName, each.pipeline].includes(run),
  );
  if (!found) {
    const now = `at ${new Date().toISOString()}`;
    const known = live.map(({ runName, pipelineName }) => `${runName} (${pipelineName ?? 'no launchpad'})`);
    throw new StageError(`no run${run === undefined ? '' : ` "${run}"`} lives that could be ended ${now}`, [
      known.length > 0
        ? `these live: ${known.join(', ')}`
        : 'none was launched, or all have ended: let them run for longer (platform.runs: runningFor)',
    ]);
  }
  stage.simulator.endRun(found.id, status, errorMessage === undefined ? {} : { errorMessage });
}

function covered(events: readonly RehearsalEvent[]): RehearsalResult['covered'] {
  const nodes = new Set<string>();
  const wires = new Set<string>();
  for (const event of events) {
    if (event.kind === 'message') nodes.add(event.node.id);
    if (event.kind === 'sent') {
      nodes.add(event.from.id);
      wires.add(`${event.from.id} ${event.port} ${event.to}`);
    }
  }
  return { nodes: [...nodes], wires: [...wires] };
}
