import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform } from './support/platform.ts';

describe('files that come and go while the program is killed', () => {
  it('are told after the start, once each', async () => {
    const simulator = await platform({ rateLimit: false });
    await using collector = await Collector.listen();
    const folder = temporaryFolder();
    const poll = node('seqera-datalink-poll', {
      dataLinkName: 'reads',
      basePath: 'incoming',
      depth: '-1',
      pollFrequency: '0.2',
      pollUnits: 'seconds',
    });
    const fresh = report(collector.url, '/new', ['files', 'redelivered']);
    const gone = report(collector.url, '/gone', ['files', 'redelivered']);
    wire(poll, [fresh[0]!], [gone[0]!]);
    const setup = {
      folder,
      flows: { 'poll.json': tab([poll, ...fresh, ...gone, ...errors(collector.url)]) },
      env: connectionTo(simulator, folder),
    };
    const listings = () => simulator.calls.filter(({ path }) => path.endsWith('/browse-tree')).length;
    const polled = async (more: number) => {
      const wanted = listings() + more;
      await simulator.waitForCall(() => listings() >= wanted);
    };
    const files = (path: string) => collector.on(path).flatMap((message) => message.files as string[]);

    const told: string[] = [];
    for (let kill = 0; kill < 4; kill += 1) {
      await using appliance = await Appliance.start(setup);
      // Each poll follows the one before, so the baseline is on disk.
      await polled(2);
      simulator.putObject('reads', `incoming/live-${kill}.fastq.gz`);
      told.push(`gs://redstart-reads/incoming/live-${kill}.fastq.gz`);
      await collector.until(() => told.every((file) => files('/new').includes(file)));
      await appliance.kill();
      simulator.putObject('reads', `incoming/away-${kill}.fastq.gz`);
      told.push(`gs://redstart-reads/incoming/away-${kill}.fastq.gz`);
      if (kill === 0) simulator.removeObject('reads', 'incoming/first.fastq.gz');
    }
    await using appliance = await Appliance.start(setup);
    await collector.until(() => told.every((file) => files('/new').includes(file)));
    await polled(2);
    expect(await appliance.stop()).toBe(0);

    const first = new Set<string>();
    for (const message of [...collector.on('/new'), ...collector.on('/gone')]) {
      for (const file of message.files as string[]) {
        // It was killed right after it had told: what is told again says so.
        if (first.has(file)) expect(message.redelivered).toBe(true);
        first.add(file);
      }
    }
    expect([...first].sort()).toEqual([...told, 'gs://redstart-reads/incoming/first.fastq.gz'].sort());
    expect(collector.on('/errors')).toEqual([]);
    await simulator.close();
  });
});
