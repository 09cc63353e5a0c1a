import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import { auditFlows } from './audited-flows.ts';
import { asCaller } from './caller.ts';
import { flowHashes } from './flow-hashes.ts';
import { recordPlatformWrites } from './platform-writes.ts';
import { fakeAudit } from './testing/fake-audit.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-deploys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const flow = (name: string): FlowNode[] => [
  { id: 'a', type: 'tab', label: 'A' },
  { id: 'b', type: 'tab', label: 'B' },
  { id: 'n', type: 'inject', z: 'a', name },
  { id: 'c', type: 'mqtt-broker' },
];

function setup(nodes: () => FlowNode[], save: () => Promise<void> = async () => {}) {
  const audit = fakeAudit();
  const files = { load: async () => nodes(), save } as unknown as FlowStore;
  const flows = auditFlows(files, {
    audit,
    deployersFile: join(dir, 'deployers.json'),
    logger: pino({ level: 'silent' }),
  });
  return { audit, flows };
}

describe('auditFlows', () => {
  it('records who deployed which flows from where, with their hashes before and after', async () => {
    const { audit, flows } = setup(() => flow('old'));
    await flows.load();
    await asCaller({ address: '192.0.2.1' }, () => asCaller({ user: 'ada' }, () => flows.save(flow('new'))));
    const [before] = flowHashes(flow('old'));
    const [after] = flowHashes(flow('new'));
    expect(audit.events).toMatchObject([
      {
        event: 'deploy',
        user: 'ada',
        address: '192.0.2.1',
        flows: [{ flow: 'a', label: 'A', change: 'changed', before: before?.hash, after: after?.hash }],
      },
    ]);
  });

  it('records a deploy that was refused, and what came and went', async () => {
    const refused = setup(
      () => flow('x'),
      () => Promise.reject(Object.assign(new Error('no'), { code: 'FLOW_FILE_CHANGED' })),
    );
    await refused.flows.load();
    await expect(refused.flows.save([])).rejects.toThrow('no');
    expect(refused.audit.events).toMatchObject([{ event: 'refused', what: 'deploy', why: 'FLOW_FILE_CHANGED' }]);

    const { audit, flows } = setup(() => flow('x'));
    await flows.load();
    await flows.save([{ id: 'd', type: 'tab', label: 'D' }]);
    const changes = audit.events[0]?.flows as { flow: string; change: string }[] | undefined;
    const told = changes?.map(({ flow: id, change }) => `${id} ${change}`).sort();
    expect(told).toEqual(['a removed', 'b removed', 'd added', 'global removed']);
  });

  it('knows over a restart who a flow is from, until its file is changed', async () => {
    const first = setup(() => flow('old'));
    await first.flows.load();
    expect(first.flows.deployerOf('a')).toEqual({ by: 'flow files' });
    await asCaller({ user: 'ada' }, () => first.flows.save(flow('new')));
    expect(first.flows.deployerOf('a')).toMatchObject({ by: 'editor', user: 'ada' });

    let onDisk = flow('new').reverse();
    const second = setup(() => onDisk);
    await second.flows.load();
    expect(second.flows.deployerOf('a')).toMatchObject({ by: 'editor', user: 'ada' });
    onDisk = flow('by hand');
    await second.flows.load();
    expect(second.flows.deployerOf('a')).toEqual({ by: 'flow files' });
    expect(second.audit.events).toMatchObject([{ event: 'reload', flows: [{ flow: 'a' }] }]);

    writeFileSync(join(dir, 'deployers.json'), '{');
    const third = setup(() => flow('new'));
    await third.flows.load();
    expect(third.flows.deployerOf('a')).toEqual({ by: 'flow files' });
    await third.flows.save(flow('again'));
    expect(JSON.parse(readFileSync(join(dir, 'deployers.json'), 'utf8'))).toMatchObject({ a: { user: 'unknown' } });
  });
});

describe('recordPlatformWrites', () => {
  it('adds the flow of the node and who deployed it, which the node cannot say for itself', () => {
    const audit = fakeAudit();
    const record = recordPlatformWrites({
      audit,
      place: (node) => ({ node, flow: 'a', flowLabel: 'A' }),
      deployerOf: () => ({ by: 'editor', user: 'ada', at: 'then' }),
    });
    record('n', {
      action: 'launch',
      runId: 'r1',
      node: 'another',
      deployed: 'by nobody',
      event: 'stop',
      messageId: 'm1',
    });
    expect(audit.events).toEqual([
      {
        event: 'launch',
        node: 'n',
        runId: 'r1',
        flow: 'a',
        flowLabel: 'A',
        deployed: { by: 'editor', user: 'ada', at: 'then' },
      },
    ]);
  });
});
