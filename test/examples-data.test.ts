import { describe, expect, it } from 'vitest';
import { runExample } from './support/example.ts';
import { launchRequest, TOKEN } from './support/platform.ts';

describe('example: launch when files arrive', () => {
  it('launches once for each file that arrives, and for none that was there', async () => {
    const { simulator, collector, shown } = await runExample('launch-when-files-arrive');
    const polled = (count: number) => simulator.calls.filter(({ path }) => path.includes('/browse')).length >= count;
    await simulator.waitForCall(() => polled(2));
    expect(simulator.runs).toEqual([]);
    simulator.putObject('reads', 'incoming/today/S9 (new).fastq.gz');
    simulator.putObject('reads', 'incoming/S8.fastq.gz');
    simulator.putObject('reads', 'incoming/S8.fastq.gz.md5');
    await collector.until(() => shown('succeeded').length === 2);
    expect(simulator.runs.map(({ params }) => params.input).sort()).toEqual([
      'gs://redstart-reads/incoming/S8.fastq.gz',
      'gs://redstart-reads/incoming/today/S9 (new).fastq.gz',
    ]);
    simulator.removeObject('reads', 'incoming/S8.fastq.gz');
    await collector.until(() => shown('deleted files').length === 1);
    expect(shown('deleted files')[0]).toMatchObject({ files: ['gs://redstart-reads/incoming/S8.fastq.gz'] });
    expect(simulator.runs).toHaveLength(2);
    expect(collector.on('/errors')).toEqual([]);
  });
});

describe('example: dataset from a CSV', () => {
  it('adds the sheet, launches with its address, and reads it back', async () => {
    const { simulator, collector, shown } = await runExample('dataset-from-csv');
    await collector.until(() => shown('launched').length > 0 && shown('rows').length > 0);
    const dataset = simulator.dataset('sample-sheet');
    expect(dataset?.versions).toHaveLength(1);
    const input = String(JSON.parse(String(launchRequest(simulator).paramsText)).input);
    expect(input).toBe(`${simulator.url}${dataset?.versions[0]?.path}`);
    const file = await fetch(input, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect((await file.text()).split('\n').slice(0, 2)).toEqual([
      'sample,fastq_1,fastq_2',
      'S1,s3://redstart-reads-archive/runs/2026-05-12_A00123/S1_R1.fastq.gz,s3://redstart-reads-archive/runs/2026-05-12_A00123/S1_R2.fastq.gz',
    ]);
    expect(shown('rows')[0]?.payload).toMatchObject([{ sample: 'S1' }, { sample: 'S2' }, { sample: 'S3' }]);
    expect(collector.on('/errors')).toEqual([]);
  });
});
