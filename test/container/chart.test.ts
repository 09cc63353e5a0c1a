import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from './support/engine.ts';

const chart = join(root, 'docker', 'chart');
const GO = { ...process.env, GO111MODULE: 'off', GOPATH: process.env.GOPATH ?? '/usr/share/gocode' };
const noRenderer = spawnSync('go', ['list', 'github.com/Masterminds/sprig'], { env: GO }).status !== 0;
if (noRenderer) {
  const why = 'Go and the package golang-github-masterminds-sprig-dev are not installed';
  if (process.env.REDSTART_NEEDS_ENGINE === 'true') throw new Error(why);
  console.warn(`The chart is not tested: ${why}`);
}

type Values = Record<string, unknown>;
interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  // biome-ignore lint/suspicious/noExplicitAny: read by tests that say what they expect
  spec: any;
}

let folder: string;
let renderer: string;

/** As Helm merges: null takes a default away. */
function merge(base: Values, over: Values): Values {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else if (isMap(value) && isMap(before)) merged[key] = merge(before, value);
    else merged[key] = value;
  }
  return merged;
}
const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

const read = (file: string): Values => parse(readFileSync(join(chart, file), 'utf8'));
const schema = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')),
);

function run(values: Values) {
  const { status, stdout, stderr } = spawnSync(renderer, [chart, 'lab', 'flows'], {
    input: JSON.stringify(merge(read('values.yaml'), values)),
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function render(values: Values): Resource[] {
  const { status, stdout, stderr } = run(values);
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Resource;
  });
}

const of = (resources: Resource[], kind: string): Resource['spec'] =>
  resources.find((resource) => resource.kind === kind)?.spec;
const examples = readdirSync(join(chart, 'examples'));
const example = (name: string) => render(read(join('examples', `${name}.yaml`)));

describe.skipIf(noRenderer)('the chart', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'redstart-chart-'));
    renderer = join(folder, 'render');
    const source = join(root, 'test', 'container', 'helm', 'render.go');
    execFileSync('go', ['build', '-o', renderer, source], {
      env: { ...GO, GOCACHE: join(folder, 'cache') },
      stdio: 'pipe',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(examples)('%s: values that the schema takes, and resources that Kubernetes takes', async (name) => {
    const values = read(join('examples', name));
    // Helm checks what it has merged.
    expect(schema(merge(read('values.yaml'), values)), JSON.stringify(schema.errors)).toBe(true);
    const resources = render(values);
    expect(resources.length).toBeGreaterThan(4);
    for (const resource of resources) {
      const module = await import(modelOf(resource));
      const model = new module[resource.kind](resource);
      expect(() => model.validate(), resource.kind).not.toThrow();
    }
  });

  it('no resource has a field that Kubernetes does not know', () => {
    const everything = [
      ...examples.map((name) => read(join('examples', name))),
      {
        ...read('examples/simple.yaml'),
        serviceMonitor: { enabled: true, labels: { team: 'a' }, basicAuthSecret: 's' },
        nodeSelector: { a: 'b' },
        tolerations: [{ key: 'a', operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        podLabels: { a: 'b' },
        podAnnotations: { a: 'b' },
        image: { pullSecrets: ['p'], digest: `sha256:${'0'.repeat(64)}` },
      },
    ];
    // The compiler refuses unknown properties of literals, at any depth.
    const literals = everything
      .flatMap((values) => render(values))
      .map(
        (resource, index) =>
          `import type { I${resource.kind} as K${index} } from '${modelOf(resource)}';\nexport const r${index}: K${index} = ${JSON.stringify(resource)};`,
      );
    const work = join(folder, 'types');
    mkdirSync(work);
    symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
    writeFileSync(join(work, 'resources.ts'), `${literals.join('\n')}\n`);
    const tsc = (file: string) =>
      spawnSync(
        join(root, 'node_modules', '.bin', 'tsc'),
        ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', file],
        { cwd: work, encoding: 'utf8' },
      );
    const { status, stdout } = tsc('resources.ts');
    expect(stdout).toBe('');
    expect(status).toBe(0);
    // And it does see one.
    writeFileSync(join(work, 'wrong.ts'), literals[0]?.replace('"replicas"', '"replica"') ?? '');
    expect(tsc('wrong.ts').stdout).toMatch(/replica.* does not exist/);
  });

  it('every pod may do nothing: not root, read-only, no capability, the default seccomp profile, no token', () => {
    for (const name of examples) {
      const { template } = of(render(read(join('examples', name))), 'Deployment');
      expect(template.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      });
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(15);
    }
  });

  it('secrets reach it as files, never as variables', () => {
    const [container] = of(example('git'), 'Deployment').template.spec.containers;
    const names: string[] = container.env.map(({ name }: { name: string }) => name);
    expect(names.filter((name) => /TOKEN|SECRET|KEY|PASSWORD/.test(name) && !name.endsWith('_FILE'))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['TOWER_ACCESS_TOKEN_FILE', 'REDSTART_GIT_SSH_KEY_FILE']));
    expect(run({ flows: { configMap: 'f' }, env: { TOWER_ACCESS_TOKEN: 'eyJ…' } }).stderr).toContain(
      'TOWER_ACCESS_TOKEN is a secret',
    );
  });

  it('one replica never runs twice on its volume; several are replaced one after the other', () => {
    expect(of(example('simple'), 'Deployment').strategy).toEqual({ type: 'Recreate' });
    expect(of(example('simple'), 'PersistentVolumeClaim').accessModes).toEqual(['ReadWriteOnce']);
    const several = example('replicas');
    expect(of(several, 'Deployment').strategy.type).toBe('RollingUpdate');
    expect(several.some(({ kind }) => kind === 'PersistentVolumeClaim')).toBe(false);
  });

  it('egress: names, the Platform, what is listed; between replicas and to the database only where there are some', () => {
    const ports = (rules: { ports: { port: number }[] }[]) =>
      rules.flatMap((rule) => rule.ports.map(({ port }) => port));
    expect(ports(of(example('simple'), 'NetworkPolicy').egress)).toEqual([53, 53, 443]);
    expect(ports(of(example('git'), 'NetworkPolicy').egress)).toEqual([53, 53, 443, 22]);
    expect(ports(of(example('replicas'), 'NetworkPolicy').egress)).toEqual([53, 53, 443, 1880, 5432]);
    // The metadata service of clouds hands out credentials.
    expect(of(example('simple'), 'NetworkPolicy').egress[1].to[0].ipBlock.except).toContain('169.254.0.0/16');
    expect(of(example('ingress-editor'), 'NetworkPolicy').ingress).toHaveLength(1);
  });

  it('OpenShift chooses the user', () => {
    const { securityContext } = of(example('openshift'), 'Deployment').template.spec;
    expect(Object.keys(securityContext).sort()).toEqual(['runAsNonRoot', 'seccompProfile']);
  });

  it.each<[string, Values, RegExp]>([
    ['no flows', {}, /flows: set exactly one/],
    ['flows twice', { flows: { configMap: 'a', git: { url: 'https://g/x.git' } } }, /flows: set exactly one/],
    [
      'replicas without a database',
      { replicas: 2, flows: { configMap: 'a' } },
      /more than one needs REDSTART_DATABASE_URL/,
    ],
    [
      'replicas with a key each',
      { flows: { configMap: 'a' }, secrets: { REDSTART_DATABASE_URL: { name: 'd', key: 'u' } } },
      /one REDSTART_CREDENTIAL_SECRET for all/,
    ],
  ])('%s: refused with the reason', (_name, values, reason) => {
    const { status, stderr } = run(values);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(reason);
  });

  it.each<[string, Values]>([
    ['an unknown value', { replica: 2 }],
    ['a misspelt part', { image: { repo: 'x' } }],
    ['root', { runAsUser: 0 }],
    ['a secret without a key', { secrets: { TOWER_ACCESS_TOKEN: { name: 'x' } } }],
    ['every proxy believed', { ingress: { trustProxy: 'true' } }],
  ])('the schema refuses %s', (_name, values) => {
    expect(schema(merge(read('values.yaml'), values))).toBe(false);
  });
});

/** Where the package with Kubernetes' schemas has the kind. */
function modelOf({ apiVersion, kind }: Resource): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`;
}
