import { describe, expect, it } from 'vitest';
import { decryptBlob, encryptBlob } from './credential-blob.ts';
import { credentialsFault, joinReferences, splitReferences, withReferences } from './credential-references.ts';
import type { FlowNode } from './flow-node.ts';
import type { FlowStore } from './flow-store.ts';

function store(nodes: FlowNode[]) {
  const saved: FlowNode[][] = [];
  const files = {
    load: async () => nodes,
    save: async (list: FlowNode[]) => void saved.push(list),
    fileOf: () => '/flows/a.json',
    fault: null,
  } as unknown as FlowStore;
  return { flows: withReferences(files), saved };
}
const node = (credentials?: unknown): FlowNode => ({
  id: 'n',
  type: 'http request',
  z: 't',
  name: 'call',
  ...(credentials === undefined ? {} : { credentials }),
});

describe('withReferences', () => {
  it('takes references out of the flows, and puts them back into the files at a deploy', async () => {
    const { flows, saved } = store([node({ password: 'secret:pass' })]);
    expect(await flows.load()).toEqual([node()]);
    expect(flows.references).toEqual({ n: { password: 'secret:pass' } });
    await flows.save([{ ...node(), name: 'renamed' }]);
    expect(saved[0]).toEqual([{ ...node({ password: 'secret:pass' }), name: 'renamed' }]);
  });

  it('writes what a deploy changes, and forgets it when that fails', async () => {
    const { flows, saved } = store([node({ password: 'secret:pass' })]);
    await flows.load();
    flows.prepare({ n: { password: 'secret:other' } });
    await flows.save([node()]);
    expect(saved[0]).toEqual([node({ password: 'secret:other' })]);
    flows.prepare({ t: { VAR: 'secret:other' } });
    await expect(flows.save([{ id: 't', type: 'tab' }])).rejects.toMatchObject({
      code: 'FLOW_SECRET_MISPLACED',
      status: 400,
    });
    expect(flows.references).toEqual({ n: { password: 'secret:other' } });
    flows.prepare({});
    await flows.save([node()]);
    expect(saved[1]).toEqual([node()]);
  });

  it('plans what a deploy would write, with no credential that the editor sends in clear', async () => {
    const planned: FlowNode[][] = [];
    const plan = async (nodes: readonly FlowNode[]) => void planned.push([...nodes]);
    const file = node({ user: 'secret:user', password: 'secret:pass' });
    const flows = withReferences({ load: async () => [file], plan } as unknown as FlowStore);
    await flows.load();
    await flows.plan([node()]);
    await flows.plan([node({ user: 'secret:other', password: '__PWRD__' })]);
    await flows.plan([node({ user: '', password: 'typed in clear' })]);
    expect(planned).toEqual([[file], [node({ user: 'secret:other', password: 'secret:pass' })], [node()]]);
  });

  it.each([
    [{ password: 'hunter2-hunter2' }, 'credential "password" is not a reference'],
    [{ password: 'secret:../x' }, 'by a name that none can have'],
    [{ password: 1 }, 'is not a reference'],
    ['secret:x', 'are no object'],
  ])('refuses a flow file with %j, without telling the value', async (credentials, why) => {
    const { flows } = store([node(credentials)]);
    const error = await flows.load().catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'FLOW_FILE_HAS_CREDENTIALS', message: expect.stringContaining(why) });
    expect(String(error)).toContain('"call" (http request, id n)');
    expect(String(error)).not.toContain('hunter2');
    expect(flows.fault).toBe(error);
  });

  it('refuses references where nothing would resolve them', () => {
    for (const type of ['tab', 'group', 'subflow', 'subflow:abc', 'global-config'])
      expect(credentialsFault({ id: 'x', type, credentials: { A: 'secret:a' } })).toContain('only nodes');
    expect(credentialsFault({ id: 'x', type: 'mqtt-broker', credentials: { password: 'secret:a' } })).toBeNull();
  });
});

describe('splitReferences and joinReferences', () => {
  it('keep references out of the encrypted file, and give Node-RED both', () => {
    const blob = encryptBlob(
      { n: { user: 'ada', password: 'secret:pass' }, m: { token: 'secret:t' }, k: { a: 'plain' } },
      's',
    );
    const split = splitReferences(blob, 's');
    expect(split.references).toEqual({ n: { password: 'secret:pass' }, m: { token: 'secret:t' } });
    expect(decryptBlob(split.blob, 's')).toEqual({ n: { user: 'ada' }, k: { a: 'plain' } });
    const joined = joinReferences(split.blob, split.references, 's');
    expect(decryptBlob(joined, 's')).toEqual(decryptBlob(blob, 's'));
    expect(joinReferences(blob, {}, 's')).toBe(blob);
    expect(splitReferences({ $: 'nothing that opens' }, 's')).toEqual({
      blob: { $: 'nothing that opens' },
      references: {},
    });
  });
});
