import { describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { MessagePaths } from './message-paths.ts';

const fn = (id: string, wires: string[] = [], parts: Partial<FlowNode> = {}): FlowNode => ({
  id,
  type: 'function',
  z: 't1',
  wires: [wires],
  ...parts,
});

function pathsOf(nodes: FlowNode[]) {
  const index = createFlowIndex();
  index.replace(nodes);
  const paths = new MessagePaths(index);
  return {
    index,
    paths,
    send: (id: unknown, ...nodes: string[]) => {
      for (const node of nodes) paths.received(node, { _msgid: id });
    },
    of: (id: string) => [...paths.follow(id, () => {})],
  };
}

const FLOW = [
  fn('in', ['prepare'], { type: 'http in' }),
  fn('prepare', ['launch']),
  fn('launch', ['monitor'], { type: 'seqera-workflow-launch' }),
  fn('monitor', ['after'], { type: 'seqera-workflow-monitor' }),
  fn('after'),
  fn('other', ['other2']),
  fn('other2'),
];

describe('the way of a message', () => {
  it('is each node once, in the order in which it came there first, with the one that began it', () => {
    const { send, of } = pathsOf(FLOW);
    send('m1', 'prepare', 'launch', 'monitor', 'after', 'monitor', 'after');
    send('m2', 'prepare');
    expect(of('m1')).toEqual(['in', 'prepare', 'launch', 'monitor', 'after']);
    expect(of('m2')).toEqual(['in', 'prepare']);
  });

  it('begins where it was first seen when it may have come from several nodes', () => {
    const { send, of } = pathsOf([...FLOW, fn('in2', ['prepare'], { type: 'http in' })]);
    send('m1', 'prepare', 'launch');
    expect(of('m1')).toEqual(['prepare', 'launch']);
  });

  it('is not kept in flows that have nothing to do with the Platform, nor of what is no id', () => {
    const { send, of } = pathsOf(FLOW);
    send('m1', 'other', 'other2', 'nowhere');
    for (const id of [undefined, null, 7, '', 'x'.repeat(65)]) send(id, 'launch');
    for (const id of ['m1', '7', '', 'x'.repeat(65)]) expect(of(id)).toEqual([]);
    const none = pathsOf([fn('a', ['b']), fn('b'), fn('c', [], { type: 'seqera-config' })]);
    none.send('m1', 'a', 'b');
    expect(none.of('m1')).toEqual([]);
  });

  it('goes through links, subflows however deep, and to nodes that take errors', () => {
    const { send, of } = pathsOf([
      { id: 't1', type: 'tab' },
      { id: 't2', type: 'tab' },
      fn('out', [], { type: 'link out', links: ['li'] }),
      fn('li', ['inst'], { type: 'link in', z: 't2', links: ['out'] }),
      fn('inst', ['behind'], { type: 'subflow:s1', z: 't2' }),
      fn('behind', [], { z: 't2' }),
      { id: 's1', type: 'subflow' },
      fn('inner', [], { type: 'subflow:s2', z: 's1' }),
      { id: 's2', type: 'subflow' },
      fn('deep', ['launch'], { z: 's2' }),
      fn('launch', [], { type: 'seqera-workflow-launch', z: 's2' }),
      fn('c1', ['told'], { type: 'catch', scope: null, z: 's2' }),
      fn('told', [], { z: 's2' }),
      fn('c2', [], { type: 'catch', scope: ['behind'], z: 't2' }),
      fn('c3', [], { type: 'catch', scope: null, z: 't1' }),
    ]);
    const way = ['out', 'li', 'inst', 'inst-inner', 'inst-inner-deep', 'inst-inner-launch', 'inst-inner-told', 'c2'];
    send('m1', ...way, 'c3', 'inst-unknown');
    expect(of('m1')).toEqual(way);
  });

  it('goes through links that a message names', () => {
    const called = [
      fn('call', [], { type: 'link call', linkType: 'dynamic' }),
      fn('li', ['launch'], { type: 'link in' }),
      fn('launch', [], { type: 'seqera-workflow-launch' }),
      fn('li2', ['x'], { type: 'link in' }),
      fn('x'),
    ];
    const { send, of } = pathsOf(called);
    send('m1', 'call', 'li', 'launch');
    expect(of('m1')).toEqual(['call', 'li', 'launch']);
    const fixed = pathsOf(called.slice(1));
    fixed.send('m1', 'x');
    expect(fixed.of('m1')).toEqual([]);
  });

  it('follows the flows of the last deploy', () => {
    const { index, send, of } = pathsOf(FLOW);
    send('m1', 'prepare', 'other');
    index.replace([fn('other', ['launch']), fn('launch', [], { type: 'seqera-workflow-launch' }), fn('prepare')]);
    send('m1', 'prepare', 'other', 'launch');
    expect(of('m1')).toEqual(['in', 'prepare', 'other', 'launch']);
  });

  it('is told while somebody follows it, however much passes meanwhile, and a while after', () => {
    const { paths, send, of } = pathsOf(FLOW);
    const told: string[] = [];
    const busy = (count: number): void => {
      for (let index = 0; index < count; index += 1) send(`busy${index}`, 'prepare', 'launch');
    };
    const tell = (node: string): void => void told.push(node);
    send('m1', 'prepare', 'launch');
    expect(paths.follow('m1', tell)).toEqual(['in', 'prepare', 'launch']);
    paths.follow('m1', () => {});
    busy(10_000);
    send('m1', 'monitor');
    paths.release('m1');
    busy(10_000);
    send('m1', 'monitor');
    paths.release('m1');
    busy(1000);
    send('m1', 'after');
    expect(told).toEqual(['monitor', 'after']);
    busy(10_000);
    send('m1', 'launch', 'after');
    expect(told).toHaveLength(2);
    expect(of('m1')).toEqual(['launch', 'after']);
  });

  it('has a bound for one message', () => {
    const many = Array.from({ length: 200 }, (_, index) => fn(`n${index}`, [`n${index + 1}`]));
    const { send, of } = pathsOf([...many, fn('n200', [], { type: 'seqera-workflow-launch' })]);
    send('m1', ...many.map(({ id }) => id));
    expect(of('m1')).toHaveLength(50);
  });
});
