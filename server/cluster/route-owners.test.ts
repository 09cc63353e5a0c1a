import { describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { routeOwners } from './route-owners.ts';
import { shardOf } from './shard-of.ts';

const nodes = [
  { id: 'a', type: 'tab' },
  { id: 'b', type: 'tab' },
  { id: 'n1', type: 'http in', z: 'a', url: '/runs/:id', method: 'get' },
  { id: 'n2', type: 'http in', z: 'b', url: 'hooks', method: 'post' },
  { id: 'n3', type: 'redstart-webhook-in', z: 'b', url: '/signed' },
  { id: 'n4', type: 'http in', z: 'gone', url: '/orphan', method: 'get' },
  { id: 'n5', type: 'http in', z: 'a', url: '', method: 'get' },
  { id: 'l', type: 'websocket-listener', path: '/ws' },
  { id: 'n6', type: 'websocket in', z: 'b', server: 'l' },
] as FlowNode[];

describe('which shard answers a request', () => {
  const owners = routeOwners(nodes, 7);
  it.each<[string, string, string | null]>([
    ['GET', '/runs/17?x=1', 'a'],
    ['GET', '/RUNS/17', 'a'],
    ['HEAD', '/runs/17', 'a'],
    ['POST', '/runs/17', null],
    ['POST', '/hooks', 'b'],
    ['POST', '/signed', 'b'],
    ['GET', '/orphan', null],
    ['GET', '/nothing', null],
    ['GET', '/%E0%A4%A', null],
  ])('%s %s: that of tab %s', (method, path, tab) => {
    expect(owners.request(method, path)).toBe(tab === null ? null : shardOf(tab, 7));
  });

  it('knows the tab of a websocket by the nodes that use it', () => {
    expect([owners.upgrade('/ws?a=b'), owners.upgrade('/other')]).toEqual([shardOf('b', 7), null]);
  });

  it('is that of the tab with an instance of the subflow, also within another', () => {
    const owners = routeOwners(
      [
        { id: 'inner', type: 'subflow' },
        { id: 'outer', type: 'subflow' },
        { id: 'unused', type: 'subflow' },
        { id: 't', type: 'tab' },
        { id: 'i1', type: 'subflow:inner', z: 'outer' },
        { id: 'i2', type: 'subflow:outer', z: 't' },
        { id: 'n1', type: 'http in', z: 'inner', url: '/inner', method: 'get' },
        { id: 'n2', type: 'http in', z: 'unused', url: '/unused', method: 'get' },
      ] as FlowNode[],
      1000,
    );
    expect([owners.request('GET', '/inner'), owners.request('GET', '/unused')]).toEqual([shardOf('t', 1000), null]);
  });

  it('is not told by what is switched off, nor put off by a path that is none', () => {
    const owners = routeOwners(
      [
        { id: 'old', type: 'tab', disabled: true },
        { id: 'new', type: 'tab' },
        { id: 'n0', type: 'http in', z: 'new', url: '/(', method: 'get' },
        { id: 'n1', type: 'http in', z: 'old', url: '/runs', method: 'get' },
        { id: 'n2', type: 'http in', z: 'new', url: '/runs', method: 'get' },
        { id: 'n3', type: 'http in', z: 'new', url: '/off', method: 'get', d: true },
        { id: 'l', type: 'websocket-listener', path: 'ws' },
        { id: 'n4', type: 'websocket in', z: 'old', server: 'l' },
        { id: 'n5', type: 'websocket out', z: 'new', server: 'l' },
      ] as FlowNode[],
      1000,
    );
    const shard = shardOf('new', 1000);
    expect([owners.request('GET', '/runs'), owners.request('GET', '/off'), owners.upgrade('/ws')]).toEqual([
      shard,
      null,
      shard,
    ]);
  });
});
