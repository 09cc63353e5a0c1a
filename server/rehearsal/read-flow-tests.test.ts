import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readFlowTests } from './read-flow-tests.ts';
import { flowTestJsonSchema } from './rehearsal-schema.ts';

function problems(text: string): string[] {
  const result = readFlowTests('a.flowtest.yaml', text);
  if (!Array.isArray(result)) throw new Error('it was taken');
  return result.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

describe('a test file that is wrong', () => {
  it('has all its problems told, with line and column', () => {
    const text = `flows: [A]
rehearsals:
  - name: x
    step: []
    platform: { runz: [], runs: [{ runningFor: soon }] }
    steps:
      - injekt: A
      - inject: A
        body: 1
      - inject: A
        wait: 1m
      - wait: soon
    expect:
      - mesage: A
      - call: POST/workflow
`;
    expect(problems(text)).toEqual([
      '4:5 rehearsals.0: step is not known: did you mean steps?',
      '5:17 rehearsals.0.platform: runz is not known: did you mean runs?',
      '5:36 rehearsals.0.platform.runs.0.runningFor: expected a duration such as 500ms, 2s, 10m, 1h, forever or milliseconds',
      '7:9 rehearsals.0.steps.0: injekt is not known: did you mean inject?',
      '9:9 rehearsals.0.steps.1.body: does not go with the step inject, which takes message',
      '10:9 rehearsals.0.steps.2: a step is one of inject, send, request, wait, dataLink, endRun, platform, restart, and not inject and wait together: write two steps',
      '12:9 rehearsals.0.steps.3.wait: expected a duration such as 500ms, 30s, 10m, 8h or 2d',
      '14:9 rehearsals.0.expect.0: mesage is not known: did you mean message?',
      '15:9 rehearsals.0.expect.1.call: expected a method and a path, such as "POST /workflow/launch"',
    ]);
  });

  it.each([
    ['', '1:1 rehearsals: is missing'],
    ['[]', '1:1 expected object, received array'],
    ['rehearsals:\n  - steps: [{ wait: 1s }]\n', '2:5 rehearsals.0.name: is missing'],
    ['rehearsals:\n  - name: [\n', 'this is no YAML'],
    ['a: *nix', 'this is no YAML'],
    ['rehearsals:\n\t- name: x', 'this is no YAML'],
  ])('%j', (text, message) => {
    expect(problems(text).join('\n')).toContain(message);
  });
});

describe('docs/flowtest.schema.json', () => {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'flowtest.schema.json');

  it('is what the code says; `node scripts/docs.mjs` writes it', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(flowTestJsonSchema())));
  });

  it('takes the tests of the starter flow, and refuses a misspelt key', () => {
    const validate = new Ajv({ strict: false }).compile(flowTestJsonSchema());
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'flows', 'starter.flowtest.yaml'), 'utf8');
    expect(validate(parse(text))).toBe(true);
    expect(validate(parse(text.replaceAll('steps:', 'step:')))).toBe(false);
  });
});

describe('docs/rehearsals.md', () => {
  const root = join(import.meta.dirname, '..', '..');
  const page = readFileSync(join(root, 'docs', 'rehearsals.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n([^`]*)```/gm)]
    .map(([, text = '']) => text)
    .filter((text) => /^rehearsals:/m.test(text));

  it('has examples that are right', () => {
    expect(blocks.length).toBeGreaterThan(1);
    for (const text of blocks) expect(readFlowTests('page', text)).not.toBeInstanceOf(Array);
  });

  it('has a full example that runs: it is that of an example flow', () => {
    const file = join(root, 'nodes', 'examples', 'launch-when-files-arrive.flowtest.yaml');
    const { rehearsals: run } = parse(readFileSync(file, 'utf8')) as { rehearsals: unknown[] };
    const { rehearsals: shown } = parse(blocks[0] ?? '') as { rehearsals: unknown[] };
    for (const each of shown) expect(run).toContainEqual(each);
  });
});
