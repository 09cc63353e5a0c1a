// `redstart check` and `redstart diff`: 10,000 nodes in this process, and 1,000 nodes with the start of the process.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFlows } from '../server/check/check-flows.ts';
import { folderOnDisk, readFlowSource } from '../server/check/flow-source.ts';
import { createWorld } from '../server/check/world.ts';
import { diffFlows } from '../server/diff/diff-flows.ts';
import { mergeFile } from '../server/diff/merge-file.ts';
import { median, round } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const PER_TAB = 100;
const main = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));

/** Tabs of 100 nodes in ten chains of ten, of the kinds that flows are made of. */
function flows(nodes: number, version = ''): object[][] {
  return Array.from({ length: nodes / PER_TAB }, (_, t) => {
    const tab = `tab${t}`;
    const inside = Array.from({ length: PER_TAB - 1 }, (_unused, n) => {
      const kind = KINDS[n % KINDS.length]?.(n, version) ?? {};
      const wires = n % 10 === 9 || n === PER_TAB - 2 ? [[]] : [[`${tab}-${n + 1}`]];
      return {
        id: `${tab}-${n}`,
        name: `Node ${n}`,
        z: tab,
        x: 100 + (n % 10) * 150,
        y: 40 + Math.floor(n / 10) * 60,
        ...kind,
        wires,
      };
    });
    return [
      { id: tab, type: 'tab', label: `Tab ${t}`, env: [{ name: 'BUCKET', value: 'b', type: 'str' }] },
      ...inside,
      { id: `${tab}-${PER_TAB - 1}`, type: 'comment', z: tab, name: 'End' },
    ];
  });
}

const code = (n: number, version: string): string =>
  `const bucket = env.get('BUCKET');\nif (msg.payload > ${n}) {\n  msg.path = bucket + '/${version}' + msg.payload;\n  return msg;\n}\nreturn null;`;
const KINDS: ((n: number, version: string) => object)[] = [
  () => ({ type: 'change', rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '$sum(payload.value)', tot: 'jsonata' }] }),
  (n, version) => ({ type: 'function', func: code(n, version), outputs: 1, libs: [] }),
  () => ({
    type: 'switch',
    property: 'payload',
    propertyType: 'msg',
    rules: [{ t: 'regex', v: '^\\d+$', vt: 'str' }],
    outputs: 1,
  }),
  () => ({
    type: 'seqera-workflow-launch',
    seqera: '',
    launchpadName: 'hello',
    paramsKey: '{"outdir":"s3://x"}',
    paramsKeyType: 'json',
    params: [],
  }),
  () => ({ type: 'debug', active: true, complete: 'payload', targetType: 'msg' }),
];

function write(nodes: number, version?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-bench-'));
  mkdirSync(dir, { recursive: true });
  flows(nodes, version).forEach((tab, index) => {
    writeFileSync(join(dir, `tab-${index}.json`), JSON.stringify(tab, null, 4));
  });
  return dir;
}

function time(work: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  });
  return round(median(times), 0);
}

const command = (...args: string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  if (status !== 0) throw new Error(`redstart ${args.join(' ')} ended with ${status}: ${stderr}`);
};

const large = write(10_000);
const small = write(1000);
const world = createWorld({ nodesAllow: [], connections: [], httpAuth: { mode: 'closed' } }, []);
const findings = checkFlows({ path: large, world }).findings;
if (findings.length > 0) throw new Error(`the flows of the benchmark are wrong: ${JSON.stringify(findings[0])}`);
const checkMs = time(() => checkFlows({ path: large, world }));
const later = write(10_000, 'v2');
const nodesIn = (dir: string) => readFlowSource(folderOnDisk(dir), dir).nodes.map(({ node }) => node);
const changed = diffFlows(nodesIn(large), nodesIn(later)).flatMap((flow) => flow.nodes).length;
if (changed !== 2000) throw new Error(`every function changed, and ${changed} nodes are told`);
const diffMs = time(() => diffFlows(nodesIn(large), nodesIn(later)));
const diffProcessMs = time(() => command('diff', large, later));
const [base, ours, theirs] = ['', 'v2', ''].map((version) => JSON.stringify(flows(10_000, version).flat(), null, 4));
const moved = (theirs ?? '').replaceAll('"name": "Node 3"', '"name": "Node three"');
const mergeMs = time(() => {
  const merged = mergeFile('flows.json', base ?? '', ours ?? '', moved);
  if (merged?.conflicts.length !== 0) throw new Error('the two sides have nothing in common');
});
const smallProcessMs = time(() => command('check', small));
const largeProcessMs = time(() => command('check', large));
console.log(
  JSON.stringify({
    bench: 'check',
    runs: RUNS,
    check10000Ms: checkMs,
    check10000ProcessMs: largeProcessMs,
    check1000ProcessMs: smallProcessMs,
    diff10000Ms: diffMs,
    diff10000ProcessMs: diffProcessMs,
    merge10000Ms: mergeMs,
    goals: { check10000Ms: '< 1000', check1000ProcessMs: '< 1000', diff10000Ms: '< 1000' },
  }),
);
for (const dir of [large, later, small]) rmSync(dir, { recursive: true });
