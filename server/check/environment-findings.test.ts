import { expect, it } from 'vitest';
import { evaluate } from '../config/load-config.ts';
import { worldOf } from './environment-findings.ts';

const at = (env: Record<string, string>) => worldOf(evaluate({ env, cwd: '/no/such/folder' }), ['FLOW_A']);

it('an environment without faults has no findings, and flows run in what it says', () => {
  const { world, findings } = at({
    REDSTART_NODES_ALLOW: 'exec',
    REDSTART_HTTP_AUTH: 'none',
    REDSTART_CONNECTION_PROD_TOKEN: 'a-token-that-is-long-enough',
  });
  expect(findings).toEqual([]);
  expect(world.types.has('exec')).toBe(true);
  expect(world.types.has('watch')).toBe(false);
  expect([...world.connections]).toEqual(['seqera-default', 'seqera-prod']);
  expect([
    world.openEndpoints,
    world.variables.has('FLOW_A'),
    world.isHidden('FLOW_B'),
    world.isHidden('HOME'),
  ]).toEqual([true, true, false, true]);
});

it('each problem is a finding without its value if that is secret, and the rest still counts', () => {
  const { world, findings } = at({
    PORT: 'x',
    REDSTART_NODES_ALOW: 'tcp',
    REDSTART_NODES_ALLOW: 'exec',
    REDSTART_HTTP_AUTH: 'none',
    TOWER_ACCESS_TOKEN: 'planted and wrong',
  });
  expect(findings.map(({ rule, file, message }) => [rule, file, message.split(' ')[0]])).toEqual(
    ['TOWER_ACCESS_TOKEN', 'PORT', 'REDSTART_NODES_ALOW'].map((name) => ['configuration', null, name]),
  );
  expect(JSON.stringify(findings)).not.toContain('planted');
  expect([world.types.has('exec'), world.openEndpoints]).toEqual([true, true]);
});

it('of an environment where nothing else is set, nothing else is told', () => {
  expect(at({ PORT: 'x' }).findings).toHaveLength(1);
  expect(at({ REDSTART_NODES_ALLOW: 'nonsense' }).findings).toMatchObject([
    { message: expect.stringContaining('"nonsense"') },
  ]);
});
