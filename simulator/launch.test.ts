import { describe, expect, it } from 'vitest';
import { REFERENCE, SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const HELLO = 'https://github.com/nextflow-io/hello';
const idOf = (body: unknown) => (body as { workflowId: string }).workflowId;

async function refusal(platform: TestPlatform, launch: unknown, query = WS, token?: string) {
  const { status, body } = await platform.call('POST', `/workflow/launch?${query}`, { launch }, token);
  return [status, (body as { message?: string } | undefined)?.message];
}

describe('a launch', () => {
  it('makes a run of a launchpad pipeline', async () => {
    await using platform = await TestPlatform.start();
    const { status, body } = await platform.launch(30001, {
      runName: 'first-run',
      paramsText: '{"greeting":"hola","deep":{"list":[1,null,"x"]}}',
      labelIds: [501],
    });
    expect(status).toBe(200);
    expect(platform.simulator.runs).toMatchObject([
      {
        id: idOf(body),
        runName: 'first-run',
        status: 'SUBMITTED',
        workspaceId: SHOWCASE,
        pipeline: HELLO,
        pipelineName: 'hello',
        revision: 'master',
        params: { greeting: 'hola', deep: { list: [1, null, 'x'] } },
        labels: ['prod'],
        launch: { labelIds: [501] },
        token: 'a-token',
        resume: false,
      },
    ]);
    expect(idOf(body)).toMatch(/^[0-9A-Za-z]{14}$/);
  });

  it('gives the same ids for the same seed, and a run and session of its own each time', async () => {
    const ids: string[] = [];
    for (const seed of [5, 5, 6]) {
      await using platform = await TestPlatform.start({ scenario: { seed } });
      ids.push(await platform.launched({ runName: 'twice' }));
      await platform.launched({ runName: 'twice' });
      const [one, two] = platform.simulator.runs;
      expect(one?.id).not.toBe(two?.id);
      expect(one?.sessionId).not.toBe(two?.sessionId);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it('fills in the primary compute environment and its work directory, but never the pipeline', async () => {
    await using platform = await TestPlatform.start();
    const quick = await platform.call('POST', `/workflow/launch?${WS}`, { launch: { pipeline: HELLO } });
    expect(platform.simulator.run(idOf(quick.body))).toMatchObject({
      computeEnvId: '4aWsBatchSeed0000000Ce',
      workDir: `s3://redstart-labs/work/${idOf(quick.body)}`,
      pipelineName: null,
    });
    expect(platform.simulator.run(idOf(quick.body))?.runName).toMatch(/^[a-z]+_[a-z]+$/);
    expect(await refusal(platform, { id: '5Launch30001Seed00000L' })).toEqual([400, 'Invalid pipeline URL: null']);
  });

  it('is refused with the words of the Platform', async () => {
    await using platform = await TestPlatform.start();
    expect(await refusal(platform, { pipeline: HELLO }, '')).toEqual([400, 'Missing launching environment profile']);
    expect(await refusal(platform, { pipeline: 'hello' })).toEqual([400, 'Invalid pipeline URL: hello']);
    expect(await refusal(platform, { pipeline: HELLO, labelIds: [501, 999] })).toEqual([400, 'Labels not found']);
    expect(await refusal(platform, { pipeline: HELLO, resume: true })).toEqual([
      400,
      "Field 'sessionId' with value 'null' must not be null",
    ]);
    const others = [
      { computeEnvId: 'none' },
      { id: 'none' },
      { runName: 'Not A Name' },
      { paramsText: '[1' },
      { paramsText: '"text"' },
      { paramsText: JSON.stringify({ long: 'x'.repeat(400_000) }) },
      { configText: 'x'.repeat(400_000) },
      { postRunScript: 'x'.repeat(1025) },
      { revision: 'x'.repeat(101) },
      { configProfiles: 'docker' },
      { headJobCpus: 'two' },
      { syntaxParser: 'v3' },
    ];
    for (const other of others) expect((await refusal(platform, { pipeline: HELLO, ...other }))[0]).toBe(400);
    for (const body of ['{"launch"', {}, [], { launch: [] }])
      expect((await platform.call('POST', `/workflow/launch?${WS}`, body)).status).toBe(400);
    expect((await platform.call('POST', `/workflow/launch?${WS}`)).status).toBe(400);
    expect(platform.simulator.runs).toEqual([]);
  });

  it('names one blocker plainly and lists several', async () => {
    await using platform = await TestPlatform.start({
      scenario: { computeEnvs: { 'aws-batch': { status: 'ERRORED' } } },
    });
    const one = await platform.launch();
    expect([one.status, Object.keys(one.body as object)]).toEqual([400, ['message']]);
    platform.simulator.setScenario({ computeEnvs: { 'aws-batch': { credentialsValid: false } } });
    const two = await platform.launch();
    expect(two.body).toMatchObject({ errors: [{ code: 'COMPUTE_ENV_INVALID' }, { code: 'CREDENTIALS_INVALID' }] });
    expect(() => platform.simulator.setScenario({ computeEnvs: { nowhere: {} } })).toThrow(/there is no nowhere/);
  });

  it('takes a shared pipeline only with the workspace that it is from', async () => {
    await using platform = await TestPlatform.start();
    const launch = {
      id: '5Launch30101Seed00000L',
      pipeline: 'https://github.com/redstart-labs/qc',
      revision: 'v1.2.0',
    };
    expect((await refusal(platform, launch))[0]).toBe(403);
    expect((await refusal(platform, launch, `${WS}&sourceWorkspaceId=${SHOWCASE}`))[0]).toBe(403);
    const taken = await platform.call('POST', `/workflow/launch?${WS}&sourceWorkspaceId=${REFERENCE}`, { launch });
    expect(platform.simulator.run(idOf(taken.body))).toMatchObject({
      pipelineName: 'shared-qc',
      workspaceId: SHOWCASE,
    });
  });

  it('keeps the labels of the pipeline', async () => {
    await using platform = await TestPlatform.start();
    await platform.launch(30004, { labelIds: [501, 502] });
    expect(platform.simulator.runs[0]?.labels).toEqual(['nightly', 'team=genomics', 'prod']);
  });

  it('needs the role for what it asks', async () => {
    const tokens = (['maintain', 'launch', 'view'] as const).map((role) => ({ token: role, role }));
    await using platform = await TestPlatform.start({ scenario: { tokens } });
    const missing = (permission: string) => [403, `Forbidden. Missing permission(s): "${permission}"`];
    const saved = { id: '5Launch30001Seed00000L', pipeline: HELLO, revision: 'master' };
    expect((await platform.launch(30001, { paramsText: '{"greeting":"hei"}' }, 'launch')).status).toBe(200);
    expect(await refusal(platform, saved, WS, 'view')).toEqual(missing('workflow:execute'));
    expect(await refusal(platform, { pipeline: HELLO }, WS, 'launch')).toEqual(missing('workflow_quick:execute'));
    expect(await refusal(platform, { ...saved, revision: 'dev' }, WS, 'launch')).toEqual(missing('pipeline:write'));
    expect(await refusal(platform, { ...saved, labelIds: [503] }, WS, 'maintain')).toEqual(
      missing('pipeline_label:write'),
    );
    expect((await refusal(platform, { ...saved, labelIds: [503] }))[0]).toBe(200);
    expect((await platform.call('POST', `/labels?${WS}`, { name: 'mine' }, 'launch')).status).toBe(403);
  });
});

describe('a resume', () => {
  async function source(platform: TestPlatform) {
    const id = await platform.launched({ runName: 'source' });
    const { workflow } = (await platform.get(`/workflow/${id}?${WS}`)).body as { workflow: Record<string, string> };
    return { id, workflow };
  }
  async function resumeOf(platform: TestPlatform, id: string) {
    const { launch } = (await platform.get(`/workflow/${id}/launch?${WS}`)).body as { launch: Record<string, unknown> };
    const { id: launchId, pipeline, sessionId, resumeDir, resumeCommitId } = launch;
    return { id: launchId, pipeline, sessionId, workDir: resumeDir, revision: resumeCommitId, resume: true };
  }

  it('goes on in the session and folder of the run', async () => {
    await using platform = await TestPlatform.start({ scenario: { runs: [{ end: 'FAILED', times: 1 }] } });
    const { id } = await source(platform);
    platform.simulator.advance(60_000);
    const answer = await platform.call('POST', `/workflow/launch?${WS}`, { launch: await resumeOf(platform, id) });
    const [before, after] = platform.simulator.runs;
    expect(after).toMatchObject({
      id: idOf(answer.body),
      sessionId: before?.sessionId,
      workDir: before?.workDir,
      resume: true,
    });
    expect(after?.launchId).not.toBe(before?.launchId);
  });

  it('is refused while the session is in use, and for what does not match', async () => {
    await using platform = await TestPlatform.start();
    const { id } = await source(platform);
    platform.simulator.advance(5000);
    expect((await refusal(platform, await resumeOf(platform, id)))[1]).toMatch(/already in use/);
    platform.simulator.advance(60_000);
    const good = await resumeOf(platform, id);
    const wrong = [
      [{ revision: undefined }, 'Missing launch revision ID'],
      [{ sessionId: null }, "Field 'sessionId' with value 'null' must not be null"],
      [{ sessionId: '00000000-0000-4000-8000-000000000000' }, /does not match/],
      [{ workDir: 's3://elsewhere' }, /Work directory/],
      [{ pipeline: `${HELLO}-world` }, /Pipeline does not match/],
      [{ id: '5Launch30001Seed00000L' }, /Cannot resume/],
      [{ runName: 'source' }, /already used in session/],
    ] as const;
    for (const [change, message] of wrong) {
      const [status, text] = await refusal(platform, { ...good, ...change });
      expect([status, text]).toEqual([400, expect.stringMatching(message)]);
    }
    expect(platform.simulator.runs).toHaveLength(1);
  });

  it('is impossible when nothing ran', async () => {
    await using platform = await TestPlatform.start({ scenario: { runs: [{ neverStarts: true }] } });
    const { id, workflow } = await source(platform);
    platform.simulator.advance(60_000);
    const launch = await resumeOf(platform, id);
    expect([launch.revision, launch.workDir]).toEqual([undefined, undefined]);
    expect(await refusal(platform, { ...launch, revision: 'master', workDir: workflow.workDir })).toEqual([
      400,
      'Missing launch revision ID',
    ]);
  });
});
