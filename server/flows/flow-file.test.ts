import { describe, expect, it } from 'vitest';
import { RedstartError } from '../errors.ts';
import { nodesOf, parseFlowFile, renderFlowFile as renderParts } from './flow-file.ts';
import type { FlowNode } from './flow-node.ts';

const parse = (text: string) => parseFlowFile('/flows/a.json', 'a.json', text);
const renderFlowFile = (file: ReturnType<typeof parse>, nodes: FlowNode[]) =>
  renderParts(file, nodes)?.get('a.json') ?? null;
const TAB = { id: 't', type: 'tab', label: 'Tab' };

function errorOf(text: string): RedstartError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof RedstartError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseFlowFile', () => {
  it('takes both forms, and a byte order mark', () => {
    for (const text of [
      JSON.stringify([TAB]),
      JSON.stringify({ flows: [TAB], rev: 'x' }),
      `\uFEFF${JSON.stringify([TAB])}`,
    ]) {
      expect(nodesOf(parse(text))).toEqual([TAB]);
    }
  });

  it('names file, line, column and text of what is not JSON', () => {
    const error = errorOf('[\n  {"id": "a",\n   "type": tab }\n]\n');
    expect(error.code).toBe('FLOW_FILE_NOT_JSON');
    expect(error.message).toContain('/flows/a.json, line 3, column 12');
    expect(error.message).toContain('"type": tab }');
  });

  it('tells a merge conflict', () => {
    const error = errorOf('[\n  {"id": "a"\n<<<<<<< HEAD\n,"type":"tab"}\n=======\n,"type":"x"}\n>>>>>>> theirs\n]');
    expect(error.message).toContain('line 3, column 1');
    expect(error.mend).toContain('Line 3 is a merge conflict marker');
  });

  it('tells an empty file', () => {
    expect(errorOf(' \n').message).toContain('is empty');
  });

  it.each([
    ['{"name":"x","version":"1"}', 'neither an array'],
    ['"text"', 'neither an array'],
    ['[{"id":"a"}]', 'element 1 of its array (line 1)'],
    ['[{"id":"a","type":"tab"},\n5]', 'element 2 of its array (line 2)'],
    ['{"flows":{}}', 'neither an array'],
  ])('refuses JSON that is no flow file: %s', (text, reason) => {
    const error = errorOf(text);
    expect(error.code).toBe('FLOW_FILE_NOT_FLOWS');
    expect(error.message).toContain(reason);
  });

  it('says what to do with a credentials file', () => {
    const error = errorOf('{"$":"abcdef"}');
    expect(error.code).toBe('FLOW_FILE_IS_CREDENTIALS');
    expect(error.mend).toContain('credentials.json');
  });
});

describe('renderFlowFile', () => {
  const other: FlowNode = { id: 'n', type: 'inject', z: 't', x: 1, y: 2, wires: [[]] };

  it('gives null when nothing changed, whatever the order of keys', () => {
    const file = parse(JSON.stringify([TAB, other]));
    expect(renderFlowFile(file, [{ label: 'Tab', type: 'tab', id: 't' }, { ...other }])).toBeNull();
  });

  it('changes only the text of the node that changed, and keeps the order of its keys', () => {
    const text =
      '[\n\t{ "id": "t",  "type": "tab", "label": "Tab" },\n\t{\n\t\t"type": "inject",\n\t\t"id": "n",\n\t\t"x": 1\n\t}\n]\n';
    const changed = renderFlowFile(parse(text), [TAB, { id: 'n', type: 'inject', y: 5, x: 2 }]);
    expect(changed).toBe(
      '[\n\t{ "id": "t",  "type": "tab", "label": "Tab" },\n\t{\n\t\t"type": "inject",\n\t\t"id": "n",\n\t\t"x": 2,\n\t\t"y": 5\n\t}\n]\n',
    );
  });

  it.each([0, 1, 2, 4, '\t'])('reproduces JSON.stringify with indent %s', (indent) => {
    const text = `${JSON.stringify([TAB, other], null, indent)}\n`;
    const next = [TAB, { ...other, x: 9 }, { ...other, id: 'm' }];
    expect(renderFlowFile(parse(text), next)).toBe(`${JSON.stringify(next, null, indent)}\n`);
  });

  it('keeps one node a line, Windows line ends, and what is around the array', () => {
    const text =
      '{"about": "ours", "flows": [\r\n{"id":"t","type":"tab"},\r\n{"id":"n","type":"inject","x":1}\r\n], "rev": 1}\r\n';
    expect(
      renderFlowFile(parse(text), [
        { id: 't', type: 'tab' },
        { id: 'n', type: 'inject', x: 2 },
      ]),
    ).toBe(text.replace('"x":1', '"x":2'));
  });

  it('empties a file', () => {
    expect(renderFlowFile(parse('{"about":"x","flows":[{"id":"t","type":"tab"}]}'), [])).toBe(
      '{"about":"x","flows":[]}',
    );
  });
});
