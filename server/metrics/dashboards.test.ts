import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

const docker = join(import.meta.dirname, '..', '..', 'docker');
const read = (file: string): string => readFileSync(join(docker, file), 'utf8');

/** Every metric that there is, with the endings that histograms add. */
async function names(): Promise<Set<string>> {
  const metrics = new Metrics('1', () => ({
    ready: true,
    standby: false,
    storeFault: false,
    flows: { running: 0, held: 0, disabled: 0 },
    messagesInFlight: 0,
    git: { revision: 'abc', checkedAt: null, appliedAt: null, failing: false },
    messages: [],
  }));
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  );
}

const used = (text: string): string[] => [
  ...new Set(text.match(/\b(?:redstart|nodejs|process)_[a-z0-9_]+(?=[{[)\s"]|$)/g) ?? []),
];

describe('dashboard and alerts', () => {
  it.each(['prometheus/alerts.yml', 'grafana/dashboards/redstart.json'])(
    '%s asks for metrics that there are',
    async (file) => {
      const there = await names();
      const asked = used(read(file));
      expect(asked.length).toBeGreaterThan(8);
      expect(asked.filter((name) => !there.has(name))).toEqual([]);
    },
  );

  it('the dashboard is one that Grafana takes: panels with places of their own, each with a query', () => {
    const { panels } = JSON.parse(read('grafana/dashboards/redstart.json')) as {
      panels: { id: number; type: string; gridPos: { x: number; w: number }; targets?: { expr: string }[] }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, gridPos, targets } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      if (type !== 'row') expect(targets?.every(({ expr }) => expr.length > 0)).toBe(true);
    }
  });

  const promtool = (() => {
    try {
      execFileSync('promtool', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!promtool)('alerts tell what lasts, and nothing else (promtool, of Debian’s package prometheus)', () => {
    const run = (...args: string[]): string =>
      execFileSync('promtool', args, {
        cwd: join(docker, 'prometheus'),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    expect(run('check', 'rules', 'alerts.yml')).toContain('SUCCESS');
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });
});
