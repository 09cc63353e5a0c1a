import { afterEach, describe, expect, it } from 'vitest';
import { type FakeNode, type FakeRed, FakeStore } from '../testing/fake-red.ts';
import { launchRequest, platform, quickly, redOn, type Simulator } from '../testing/stage.ts';

const open: Simulator[] = [];
afterEach(async () => {
  die(undefined);
  for (const simulator of open.splice(0)) await simulator.close();
});

async function simulate(...args: Parameters<typeof platform>): Promise<Simulator> {
  const simulator = await platform(...args);
  open.push(simulator);
  return simulator;
}

let nodes = 0;

/** A new id each time: over a restart nothing of the process is left, and what is handed over is found by id. */
function launchNode(red: FakeRed, properties: Record<string, unknown> = {}): FakeNode {
  nodes += 1;
  return red.create('seqera-workflow-launch', {
    id: `jobs-${nodes}`,
    seqera: '',
    launchpadName: 'hello',
    ...properties,
  });
}

const FAILPOINTS = Symbol.for('redstart.failpoints');
function die(at: ((name: string) => void) | undefined): void {
  (globalThis as { [FAILPOINTS]?: ((name: string) => void) | undefined })[FAILPOINTS] = at;
}

/** What is on disk at the named point, as if the process died there. */
function diskAt(red: FakeRed, point: string): () => FakeStore {
  let disk: FakeStore | undefined;
  die((name) => {
    if (name === point) disk ??= red.store.snapshot();
  });
  return () => {
    if (!disk) throw new Error(`${point} was not passed`);
    return disk;
  };
}

/** The node on that disk in another process. */
async function restarted(simulator: Simulator, disk: FakeStore, before: FakeNode, properties = {}): Promise<FakeNode> {
  die(undefined);
  const id = `${before.id}-again`;
  const store = new FakeStore();
  store.scopes.set(id, new Map(disk.scope(before.id)));
  const red = redOn(simulator, { store });
  const node = launchNode(red, { id, ...properties });
  red.started();
  await red.until(() => node.done.length > 0);
  expect([...store.scope(id).keys()].filter((key) => key.startsWith('launching-'))).toEqual([]);
  return node;
}

describe('a process that dies while it launches', () => {
  it.each([
    ['before the launch is sent', 'launch.intended', false],
    ['after the answer', 'launch.answered', false],
    ['before the output', 'launch.stored', true],
    ['after the output', 'launch.sent', true],
  ])('launches once and sends the message on: %s', async (_when, point, redelivered) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red);
    const disk = diskAt(red, point);
    node.receive({ custom: { bytes: Buffer.from('x') } });
    await red.until(() => node.done.length === 1);
    // What died before it was sent has not launched: the simulator must not know it.
    if (point === 'launch.intended') simulator.reset();
    const after = await restarted(simulator, disk(), node);
    expect(after.done).toMatchObject([{ error: undefined }]);
    expect(simulator.runs).toHaveLength(1);
    const [run] = simulator.runs;
    expect(after.sent).toHaveLength(1);
    expect(after.sent[0]?.msg).toMatchObject({ workflowId: run?.id, runName: run?.runName });
    expect(after.sent[0]?.msg.custom).toEqual({ bytes: Buffer.from('x') });
    expect(after.sent[0]?.msg.redelivered).toBe(redelivered ? true : undefined);
  });

  it('launches what had been taken and not yet tried, with the request of then where there is one', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { params: [{ name: 'greeting', value: 'hei', valueType: 'str' }] });
    const disk = diskAt(red, 'launch.intended');
    node.receive({});
    await red.until(() => node.done.length === 1);
    const { runName } = launchRequest(simulator);
    simulator.reset();
    // The flow was changed meanwhile.
    await restarted(simulator, disk(), node, { params: [{ name: 'greeting', value: 'hola', valueType: 'str' }] });
    expect(simulator.runs).toMatchObject([{ runName, params: { greeting: 'hei' } }]);
  });

  it.each(['launch.intended', 'launch.answered', 'launch.stored'])(
    'keeps an idempotency key to one run, for the message that comes back and for the caller who asks again: %s',
    async (point) => {
      const keyed = { idempotencyKey: 'order', idempotencyKeyType: 'msg' };
      const simulator = await simulate();
      const red = redOn(simulator);
      const node = launchNode(red, keyed);
      const disk = diskAt(red, point);
      node.receive({ order: 'a' });
      await red.until(() => node.done.length === 1);
      if (point === 'launch.intended') simulator.reset();
      die(undefined);
      const id = `${node.id}-again`;
      const store = new FakeStore();
      store.scopes.set(id, new Map(disk().scope(node.id)));
      const again = redOn(simulator, { store });
      const after = launchNode(again, { id, ...keyed });
      again.started();
      after.receive({ order: 'a', asked: 'again' });
      await again.until(() => after.done.length === 2);
      expect(after.done.flatMap(({ error }) => error ?? [])).toEqual([]);
      expect(simulator.runs).toHaveLength(1);
      const own = after.sent.find(({ msg }) => msg.asked === undefined)?.msg;
      const asked = after.sent.find(({ msg }) => msg.asked === 'again')?.msg;
      expect(own).not.toHaveProperty('reused');
      expect(asked).toMatchObject({ reused: true, workflowId: simulator.runs[0]?.id });
    },
  );
});

describe('a deploy while it launches', () => {
  it('hands the message with its open request to the new node, which finishes the launch', async () => {
    const hang = { match: { path: '/workflow/launch$' }, kind: 'hang' as const, effect: true, times: 1 };
    const simulator = await simulate({ scenario: { faults: [hang] } });
    const red = redOn(simulator, { pace: { ...quickly, drainMs: 50 } });
    const node = launchNode(red, { id: 'deployed' });
    const res = { end: () => undefined };
    node.receive({ res });
    await simulator.waitForCall(({ path }) => path.endsWith('/workflow/random-name'));
    while (simulator.runs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await node.close();
    expect(node.done).toEqual([]);
    const after = launchNode(red, { id: 'deployed' });
    red.started();
    await red.until(() => after.done.length === 1);
    expect(after.done[0]?.error).toBeUndefined();
    expect(simulator.runs).toHaveLength(1);
    expect(after.sent[0]?.msg).toMatchObject({ workflowId: simulator.runs[0]?.id });
    expect(after.sent[0]?.msg.res).toBe(res);
    expect(after.sent[0]?.msg).not.toHaveProperty('redelivered');
  });
});

describe('a store that does not write', () => {
  it('launches once all the same and says that it would not survive', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red);
    red.store.failWith = new Error('ENOSPC');
    node.receive({});
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toBeUndefined();
    expect(simulator.runs).toHaveLength(1);
    expect(node.logged.join()).toMatch(/would not survive.*ENOSPC/);
  });

  it('does not launch for a key that it cannot keep', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { idempotencyKey: 'k' });
    red.store.failWith = new Error('ENOSPC');
    node.receive({});
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_STORE_FAILED' });
    expect(simulator.runs).toEqual([]);
  });
});
