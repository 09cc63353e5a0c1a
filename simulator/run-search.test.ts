import { describe, expect, it } from 'vitest';
import { parseSearch } from './run-search.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;

interface List {
  workflows: { workflow: { id: string; runName: string; status: string }; labels?: unknown; progress?: unknown }[];
  totalSize?: number;
  hasMore: boolean;
}

async function list(platform: TestPlatform, query = ''): Promise<List> {
  const answer = await platform.get(`/workflow?${WS}${query}`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body as List;
}

const namesOf = ({ workflows }: List) => workflows.map(({ workflow }) => workflow.runName);

describe('the list of runs', () => {
  it('is newest first, in pages, and counts only when asked', async () => {
    await using platform = await TestPlatform.start({ scenario: { history: [{ count: 120 }] } });
    const first = await list(platform);
    expect(first.workflows).toHaveLength(50);
    expect(namesOf(first)[0]).toBe('history-119');
    expect(first).toMatchObject({ hasMore: true });
    expect(first).not.toHaveProperty('totalSize');
    const last = await list(platform, '&max=100&offset=100&includeTotalSize=true');
    expect(namesOf(last).at(-1)).toBe('history-0');
    expect(last).toMatchObject({ hasMore: false, totalSize: 120 });
    expect(last.workflows).toHaveLength(20);
    expect(await list(platform, '&offset=500')).toEqual({ workflows: [], hasMore: false });
    expect(await list(platform, '&max=0')).toEqual({ workflows: [], hasMore: true });
    const searched = await list(platform, '&max=7&offset=3&search=history-1&includeTotalSize=true');
    expect([searched.workflows.length, searched.totalSize, searched.hasMore]).toEqual([7, 31, true]);
    expect(namesOf(searched)[0]).toBe('history-116');
  });

  it('refuses pages that are too long, and what is no number', async () => {
    await using platform = await TestPlatform.start();
    expect((await platform.get(`/workflow?${WS}&max=101`)).body).toEqual({
      message: 'Workflows length parameter cannot be greater than 100 (current value=101)',
    });
    for (const query of ['max=-1', 'offset=-1', 'max=ten', 'includeTotalSize=1', 'attributes=all'])
      expect((await platform.get(`/workflow?${WS}&${query}`)).status).toBe(400);
  });

  it('is trimmed and widened by attributes', async () => {
    await using platform = await TestPlatform.start({ scenario: { history: [{ count: 1, pipeline: 'sarek' }] } });
    const [plain] = (await list(platform)).workflows;
    const [minimal] = (await list(platform, '&attributes=minimal')).workflows;
    const [full] = (await list(platform, '&attributes=labels,pipelineInfo')).workflows;
    expect(plain).toHaveProperty('progress');
    expect(plain).not.toHaveProperty('labels');
    expect(plain?.workflow).toHaveProperty('configText');
    expect(minimal).not.toHaveProperty('progress');
    expect(minimal?.workflow).not.toHaveProperty('configText');
    expect(minimal?.workflow.status).toBe('SUCCEEDED');
    expect(full).toMatchObject({ labels: [{ name: 'nightly' }, { name: 'team', value: 'genomics' }] });
    expect(full).toMatchObject({ pipelineInfo: { id: 30004 } });
  });

  it('finds by every keyword, all of which must match', async () => {
    await using platform = await TestPlatform.start({
      scenario: { runs: [{ match: { runName: '^beta' }, end: 'FAILED' }] },
    });
    await platform.launched({ runName: 'alpha', labelIds: [501] });
    platform.simulator.advance(60_000);
    await platform.launched({ runName: 'beta', labelIds: [501, 502] });
    await platform.launch(30002, { runName: 'beta-two', labelIds: [503] });
    platform.simulator.advance(60_000);
    const id = await platform.launched({ runName: 'gamma' });
    const session = platform.simulator.run(id)?.sessionId ?? '';
    const found = async (search: string) => namesOf(await list(platform, `&search=${encodeURIComponent(search)}`));

    expect(await found('')).toEqual(['gamma', 'beta-two', 'beta', 'alpha']);
    expect(await found('status:failed')).toEqual(['beta-two', 'beta']);
    expect(await found('status:SUBMITTED')).toEqual(['gamma']);
    expect(await found('status:failed status:submitted')).toEqual([]);
    expect(await found('label:prod')).toEqual(['beta', 'alpha']);
    expect(await found('label:prod label:nightly')).toEqual(['beta']);
    expect(await found('label:team=genomics')).toEqual(['beta-two']);
    expect(await found(`workflowId:${id}`)).toEqual(['gamma']);
    expect(await found(`workflowId:${id} status:failed`)).toEqual([]);
    expect(await found('workflowId:none')).toEqual([]);
    expect(await found('runName:beta')).toEqual(['beta']);
    expect(await found('runName:bet')).toEqual([]);
    expect(await found('runName:"beta-two"')).toEqual(['beta-two']);
    expect(await found('username:ada')).toHaveLength(4);
    expect(await found('userName:bob')).toEqual([]);
    expect(await found(`sessionId:${session}`)).toEqual(['gamma']);
    expect(await found('projectName:nf-core/rnaseq')).toEqual(['beta-two']);
    expect(await found('after:2026-06-01T12:02:00Z')).toEqual(['gamma']);
    expect(await found('before:2026-06-01T12:01:00Z')).toEqual(['alpha']);
    expect(await found('is:starred')).toEqual([]);
    expect(await found('BETA')).toEqual(['beta-two', 'beta']);
    expect(await found('b*two')).toEqual(['beta-two']);
    expect(await found('rnaseq')).toEqual(['beta-two']);
    expect(await found('"beta"')).toEqual(['beta']);
    expect(await found('beta status:failed rnaseq')).toEqual(['beta-two']);
    expect(await found('who:knows')).toEqual([]);
    expect((await platform.get(`/workflow?${WS}&search=after:someday`)).status).toBe(400);
  });

  it('belongs to a workspace: none is the personal one, an organisation is none', async () => {
    await using platform = await TestPlatform.start({ scenario: { history: [{ count: 3 }] } });
    const [run] = platform.simulator.runs;
    expect((await platform.get('/workflow')).body).toEqual({ workflows: [], hasMore: false });
    expect((await platform.get(`/workflow?search=workflowId:${run?.id}`)).body).toMatchObject({ workflows: [] });
    expect((await platform.get(`/workflow/${run?.id}`)).status).toBe(403);
    for (const id of [9001, 1, 70003]) {
      const answer = await platform.get(`/workflow?workspaceId=${id}`);
      expect([answer.status, answer.body]).toEqual([403, { message: 'Forbidden' }]);
    }
    expect((await platform.get('/workflow?workspaceId=showcase')).status).toBe(400);
  });

  it('stays fast with 10,000 runs: a page reads a page', async () => {
    await using platform = await TestPlatform.start({ scenario: { history: [{ count: 10_000 }] } });
    const fastest = async (query: string) => {
      const times: number[] = [];
      for (let tries = 0; tries < 5; tries += 1) {
        const before = performance.now();
        await list(platform, query);
        times.push(performance.now() - before);
      }
      return Math.min(...times);
    };
    // Wide of the few milliseconds that it takes, narrow enough for writing out 10,000 bodies a call to fail.
    expect(await fastest('&max=100&offset=9000')).toBeLessThan(100);
    expect(await fastest('&max=100&search=status:running')).toBeLessThan(100);
  });
});

describe('the search syntax', () => {
  it('keeps quoted values together and unknown keywords as text', () => {
    expect(parseSearch(' runName:"a b"  s3:x "c d" ')).toEqual([
      { keyword: 'runname', value: 'a b', quoted: true },
      { keyword: undefined, value: 's3:x', quoted: false },
      { keyword: undefined, value: 'c d', quoted: true },
    ]);
  });
});
