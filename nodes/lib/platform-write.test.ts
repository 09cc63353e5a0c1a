import { describe, expect, it } from 'vitest';
import { SeqeraError } from './errors.ts';
import { type PlatformWrite, tellWrite } from './platform-write.ts';

const call = (path: string, method = 'POST', body: unknown = {}) => ({
  method,
  path,
  platform: 'https://example.org/api',
  workspaceId: '70001',
  body,
});
const told = async (given: ReturnType<typeof call>, make: () => Promise<{ status: number; body: unknown }>) => {
  const writes: PlatformWrite[] = [];
  await tellWrite(given, (write) => writes.push(write), make).catch(() => {});
  return writes;
};

describe('tellWrite', () => {
  it('tells launches and cancels by their run, however the path is written', async () => {
    const launch = call('/workflow/launch?workspaceId=1', 'POST', {
      launch: { runName: 'nightly', paramsText: 'secret: 1' },
    });
    expect(await told(launch, async () => ({ status: 200, body: { workflowId: 'r1' } }))).toEqual([
      {
        action: 'launch',
        method: 'POST',
        path: '/workflow/launch',
        platform: 'https://example.org/api',
        workspaceId: '70001',
        runName: 'nightly',
        runId: 'r1',
        status: 200,
        outcome: 'done',
      },
    ]);
    const cancel = await told(call('/workflow/r%2F1/cancel'), async () => ({ status: 204, body: undefined }));
    expect(cancel).toMatchObject([{ action: 'cancel', runId: 'r/1', status: 204 }]);
    const action = await told(call('/actions/a1/launch'), async () => ({ status: 200, body: { workflowId: 'r2' } }));
    expect(action).toMatchObject([{ action: 'launch', runId: 'r2' }]);
    expect(await told(call('/datasets'), async () => ({ status: 200, body: {} }))).toMatchObject([
      { action: 'platform-write', path: '/datasets' },
    ]);
  });

  it('tells whether a failed call may have taken effect, and nothing of reading', async () => {
    const failing = (outcome: 'none' | 'unknown') => () =>
      Promise.reject(new SeqeraError('SEQERA_TIMEOUT', 'late', { outcome }));
    expect(await told(call('/workflow/launch'), failing('unknown'))).toMatchObject([
      { outcome: 'unknown', error: 'SEQERA_TIMEOUT' },
    ]);
    expect(await told(call('/workflow/launch'), failing('none'))).toMatchObject([{ outcome: 'failed' }]);
    expect(await told(call('/workflow', 'GET'), async () => ({ status: 200, body: {} }))).toEqual([]);
  });

  it('does not fail a call because of who listens', async () => {
    const answer = tellWrite(
      call('/workflow/launch'),
      () => {
        throw new Error('full');
      },
      async () => ({ status: 200, body: { workflowId: 'r1' } }),
    );
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });
});
