import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { MessageTraces } from '../traces/message-traces.ts';
import { createFlowIndex } from './flow-index.ts';
import { createInFlight, type Follower } from './in-flight.ts';
import { createLogBridge } from './log-bridge.ts';
import { createLogs } from './logs.ts';
import type { NodeInstance } from './node-red.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(follower: Follower | null) {
  const lines: Record<string, unknown>[] = [];
  const logs = createLogs(
    { log: { level: 'info', components: {}, format: 'json' } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const index = createFlowIndex();
  index.replace([
    { id: 't1', type: 'tab', label: 'Nightly' },
    ...['n1', 'n2', 'n3'].map((id) => ({ id, type: 'function', z: 't1' })),
  ]);
  const bridge = createLogBridge(logs.of('node-red'), index);
  const inFlight = createInFlight(follower);
  return {
    lines,
    logs,
    say: (id: string, msg: unknown, level = 30) => bridge({ level, id, type: 'function', msg, timestamp: 0 }),
    async take(id: string, msg: Record<string, unknown>, handler: () => unknown, rest: Partial<NodeInstance> = {}) {
      const node: NodeInstance = { id, type: 'function', _expectedDoneCount: 1, ...rest };
      const event = { msg, destination: { id, node } };
      inFlight.onReceive(event);
      const work = handler();
      inFlight.postReceive(event);
      await work;
      inFlight.onComplete({ msg, node: { id, node } });
    },
  };
}

const index = createFlowIndex();
const tracer = new TracerProvider({}).getTracer('test');

describe.each([
  ['without traces', () => null],
  ['with traces', () => new MessageTraces({ tracer, index })],
  ['with traces that are not recorded', () => new MessageTraces({ tracer: trace.getTracer('none'), index })],
])('the run in lines of nodes, %s', (_, follower) => {
  it('is that of the message, also after an await, with messages of several runs at once', async () => {
    const { lines, say, take } = setUp(follower());
    const handle = (id: string) => async () => {
      say(id, 'at once');
      await turn();
      say(id, 'later');
    };
    await Promise.all([
      take('n1', { workflowId: 'r1' }, handle('n1')),
      take('n2', { workflowId: 'r2' }, handle('n2')),
      take('n3', {}, handle('n3')),
    ]);
    expect(lines.map(({ msg, node, runId }) => [msg, node, runId])).toEqual([
      ['at once', 'n1', 'r1'],
      ['at once', 'n2', 'r2'],
      ['at once', 'n3', undefined],
      ['later', 'n1', 'r1'],
      ['later', 'n2', 'r2'],
      ['later', 'n3', undefined],
    ]);
  });

  it('is what an error itself says, where it does', async () => {
    const { lines, say, take } = setUp(follower());
    await take('n1', { workflowId: 'r1' }, () => say('n1', Object.assign(new Error('no'), { runId: 'r9' })));
    expect(lines[0]).toMatchObject({ runId: 'r9' });
  });

  it('is in no line of something else, of a node that follows many, nor where the message names none', async () => {
    const { lines, logs, say, take } = setUp(follower());
    await take('n1', { workflowId: 'r1' }, () => {
      logs.of('state').warn('cannot write');
      say('n2', 'another node');
    });
    await take('n1', { workflowId: 'r1' }, () => say('n1', 'a check of all'), { parksMessages: true });
    for (const workflowId of [undefined, null, 7, {}, '', 'a b', 'x'.repeat(65)])
      await take('n1', { workflowId }, () => say('n1', 'no run'));
    expect(lines).toHaveLength(10);
    for (const line of lines) expect(line).not.toHaveProperty('runId');
  });

  it('comes back after a node that handled another message meanwhile', async () => {
    const { lines, say, take } = setUp(follower());
    await take('n1', { workflowId: 'r1' }, () => {
      void take('n2', { workflowId: 'r2' }, () => say('n2', 'within'));
      say('n1', 'after');
    });
    expect(lines.map(({ msg, runId }) => [msg, runId])).toEqual([
      ['within', 'r2'],
      ['after', 'r1'],
    ]);
  });

  it('is not told with the count of an error, which is of several', async () => {
    const { lines, logs, say, take } = setUp(follower());
    await take('n1', { workflowId: 'r1' }, () => {
      say('n1', 'no header', 20);
      say('n1', 'no header', 20);
      logs.flush();
    });
    expect(lines.map(({ runId, repeated }) => [runId, Boolean(repeated)])).toEqual([
      ['r1', false],
      [undefined, true],
    ]);
  });
});
