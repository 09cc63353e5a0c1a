import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { createFlowStore } from '../flows/flow-store.ts';
import { missingNames, nameReferences } from './name-references.ts';
import { withNames } from './named-flows.ts';
import { parseNames } from './names-file.ts';

const FILE = `environments:
  staging:
    pipelines: { qc: rnaseq-small }
    workspaces: { team: 0070001 }
  production:
    pipelines:
      qc: rnaseq
`;
const use = (name: string): string => `\${${name}}`;
const LAUNCH: FlowNode = {
  id: 'l',
  type: 'seqera-workflow-launch',
  z: 't',
  launchpadName: use('pipeline:qc'),
  options: [{ workspaceId: use('workspace:team') }],
  other: `not ${use('pipeline:qc')} whole`,
};
const NODES: FlowNode[] = [{ id: 't', type: 'tab', label: 'T' }, LAUNCH];

describe('redstart.yaml', () => {
  it('says what names stand for, as text', () => {
    const { environments, lines, faults } = parseNames(FILE);
    expect(faults).toEqual([]);
    expect(environments.get('staging')).toEqual(
      new Map([
        ['pipeline:qc', 'rnaseq-small'],
        ['workspace:team', '0070001'],
      ]),
    );
    expect([...lines]).toEqual([
      ['staging', 2],
      ['production', 5],
    ]);
  });

  it.each([
    ['environments: [a]', 1, '"environments" must be a mapping'],
    ['enviroments: {}', 1, '"enviroments" is not known here'],
    ['environments:\n  a:\n    pipeline: {}', 3, '"pipeline" is none of pipelines'],
    ['environments:\n  a:\n    pipelines:\n      x: []', 4, '"x" must be a text or a number'],
    ['environments:\n  a:\n    pipelines:\n      x y: z', 4, '"x y" has characters'],
    ['environments:\n  "1": {}', 2, '"1" is no name that REDSTART_ENVIRONMENT can have'],
    ['environments:\n  a: {}\n  a: {}', 3, 'Map keys must be unique'],
    ['a: [', 1, ''],
  ])('has its faults told with their line: %j', (text, line, message) => {
    const [fault] = parseNames(text).faults;
    expect(fault).toMatchObject({ line, message: expect.stringContaining(message) });
  });

  it('is looked at for each environment', () => {
    const references = nameReferences(NODES);
    expect(references.map(({ name, path }) => [name, path.join('.')])).toEqual([
      ['pipeline:qc', 'launchpadName'],
      ['workspace:team', 'options.0.workspaceId'],
    ]);
    expect(missingNames(parseNames(FILE), references)).toMatchObject([
      { environment: 'production', line: 5, name: 'workspace:team', mend: 'Add it there: workspaces: { team: … }' },
    ]);
    expect(missingNames(null, references)).toHaveLength(2);
    expect(missingNames(null, [])).toEqual([]);
  });
});

describe('flows with names', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'redstart-names-'));
    await writeFile(join(dir, 'a.json'), JSON.stringify(NODES));
    await writeFile(join(dir, 'redstart.yaml'), FILE);
  });
  afterEach(async () => {
    delete process.env['pipeline:qc'];
    delete process.env['workspace:team'];
    await rm(dir, { recursive: true, force: true });
  });
  const store = (environment: string | null) =>
    withNames(createFlowStore({ dir, mode: 'editable', removedDir: join(dir, '.removed'), managedNodes: [] }), {
      dir,
      environment,
    });

  it('keep the name in the file and in the editor; the runtime finds what it stands for', async () => {
    const flows = store('staging');
    expect(await flows.load()).toEqual(NODES);
    expect([process.env['pipeline:qc'], process.env['workspace:team']]).toEqual(['rnaseq-small', '0070001']);
    expect(flows.namesChanged).toBe(true);
    await flows.load();
    expect(flows.namesChanged).toBe(false);
    await writeFile(join(dir, 'redstart.yaml'), FILE.replace('rnaseq-small', 'sarek'));
    await flows.load();
    expect([flows.namesChanged, process.env['pipeline:qc']]).toEqual([true, 'sarek']);
  });

  it.each([
    ['production', 'NAME_MISSING', 'environment "production" of redstart.yaml does not say'],
    ['nowhere', 'NAMES_ENVIRONMENT_UNKNOWN', 'has staging, production'],
    [null, 'NAMES_ENVIRONMENT_UNKNOWN', 'REDSTART_ENVIRONMENT does not say'],
  ])('are refused in environment %s', async (environment, code, message) => {
    const flows = store(environment);
    await expect(flows.load()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(flows.fault).toMatchObject({ code });
    expect(process.env['pipeline:qc']).toBeUndefined();
  });

  it('are not deployed with a name that nobody knows', async () => {
    const flows = store('staging');
    await flows.load();
    const typo = [NODES[0] as FlowNode, { ...LAUNCH, launchpadName: use('pipeline:cq') }];
    await expect(flows.save(typo)).rejects.toMatchObject({ code: 'FLOW_NAME_UNKNOWN', status: 422 });
    expect(await flows.changedOnDisk()).toEqual([]);
  });

  it('need nothing of this when they use no names', async () => {
    await rm(join(dir, 'redstart.yaml'));
    await writeFile(join(dir, 'a.json'), JSON.stringify(NODES.slice(0, 1)));
    expect(await store(null).load()).toHaveLength(1);
    expect(await store('staging').load()).toHaveLength(1);
  });
});
