import { describe, expect, it } from 'vitest';
import { baseUrl, isVariable, jsonObject, labels, notNegative, positive, runName, workspaceId } from './validate.ts';

const accepts = (check: (value: string) => unknown, ...values: string[]) =>
  expect(values.filter((value) => check(value) !== null)).toEqual([]);
const refuses = (check: (value: string) => unknown, ...values: string[]) =>
  expect(values.filter((value) => check(value) === null)).toEqual([]);

describe('what a field may hold', () => {
  it('run name: letters, digits, single - and _ inside, at most 80', () => {
    accepts(runName, 'a', 'Happy', 'happy_euler', 'run-1', `a${'b'.repeat(79)}`);
    refuses(runName, '', '1run', 'a--b', 'a_', 'a b', `a${'b'.repeat(80)}`);
  });

  it('workspace: digits', () => {
    accepts(workspaceId, '70001');
    refuses(workspaceId, 'showcase', '-1', '1.5', '');
  });

  it('labels: names the bad one, ignores empty parts', () => {
    accepts(labels, 'prod', 'prod, nightly', 'prod,', 'A1-b_c');
    expect(labels('prod, x')).toEqual({ key: 'label', values: { name: 'x' } });
    refuses(labels, 'a b', 'team=genomics', '-a', 'a--b', 'a'.repeat(40));
  });

  it('parameters: a JSON object, with the reason when it is not JSON', () => {
    accepts(jsonObject, '{}', '{"input":"s3://b/x.csv","list":[1,2]}');
    expect(jsonObject('[]')).toEqual({ key: 'jsonObject' });
    expect(jsonObject('{"a":')).toMatchObject({ key: 'json', values: { reason: expect.stringMatching(/JSON/) } });
  });

  it('address: http or https, nothing beside host and path', () => {
    accepts(baseUrl, 'https://api.cloud.seqera.io', 'https://host/api/', 'http://127.0.0.1:8080');
    refuses(
      baseUrl,
      '',
      'api.cloud.seqera.io',
      'ftp://host',
      'file:///etc',
      'https://u:p@host',
      'https://host?a=1',
      'javascript:alert(1)',
    );
  });

  it('interval: more than nothing', () => {
    accepts(positive, '5', '0.5');
    refuses(positive, '', '0', '-1', 'five');
    accepts(notNegative, '0', '30');
    refuses(notNegative, '', '-1', 'long');
  });

  it('a whole-value variable is left to the server', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how Node-RED writes a variable
    expect(['${WS}', '$(WS)', 'x${WS}', '$WS'].map(isVariable)).toEqual([true, true, false, false]);
  });
});
