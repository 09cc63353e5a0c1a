import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE as NODE_ERRORS } from '../nodes/lib/errors.ts';
import { ScenarioError } from '../simulator/index.ts';
import { ERROR_CATALOGUE } from './error-catalogue.ts';
import { RedstartError } from './errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(...patterns: string[]): string {
  const files = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => !/\.test\.ts$|\/(testing|dist|node_modules)\/|error-catalogue\.ts$|lib\/errors\.ts$/.test(file));
  expect(files.length).toBeGreaterThan(20);
  return files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
}

const server = sources('{server,settings}/**/*.ts');
const nodes = sources('nodes/lib/**/*.ts', 'nodes/seqera-*/**/*.ts');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, code = '']) => code);

const ELSEWHERE = ['WRONG_USAGE', 'SIMULATOR_SCENARIO_INVALID'];

describe('the catalogue of the server', () => {
  it('has every code that an error is made with', () => {
    const used = all(server, /(?:\bcode: |Error\(\s*)'([A-Z]+(?:_[A-Z]+)+)'/g);
    expect(used.length).toBeGreaterThan(25);
    expect(used.filter((code) => !Object.hasOwn(ERROR_CATALOGUE, code))).toEqual([]);
    expect(ERROR_CATALOGUE).toHaveProperty(new ScenarioError([], 'x').code);
  });

  it('has no code that nothing makes', () => {
    // The words of the command line, as one text with the code before them; the simulator has errors of its own.
    const made = (code: string): boolean => server.includes(`'${code}'`) || ELSEWHERE.includes(code);
    expect(Object.keys(ERROR_CATALOGUE).filter((code) => !made(code))).toEqual([]);
    expect(server).toContain("'WRONG_USAGE: '");
  });

  it('says the exit code', () => {
    const error = new RedstartError({ code: 'CREDENTIAL_SECRET_WRONG', message: 'm', mend: 'e' });
    expect(error.exitCode).toBe(78);
    // @ts-expect-error a code that is not in the catalogue does not compile
    expect(() => new RedstartError({ code: 'NO_SUCH_CODE', message: 'm', mend: 'e' })).toThrow();
    // @ts-expect-error nor does one that ends no program
    expect(new RedstartError({ code: 'FLOWS_READONLY', message: 'm', mend: 'e' }).exitCode).toBeUndefined();
  });

  it('says in sentences what is meant and what mends it', () => {
    for (const [code, { meaning, mend }] of Object.entries({ ...ERROR_CATALOGUE, ...NODE_ERRORS })) {
      expect([code, meaning]).toEqual([code, expect.stringMatching(/^[A-Z`].+\.$/)]);
      expect([code, mend]).toEqual([code, expect.stringMatching(/^[A-Z`].+\.$/)]);
    }
  });
});

describe('the catalogue of the nodes', () => {
  it('has every code of the nodes, and none that nothing makes', () => {
    const quoted = new Set(all(nodes, /'(SEQERA_[A-Z_]+)'/g));
    // Names of the environment, not codes.
    for (const variable of ['SEQERA_ACCESS_TOKEN', 'SEQERA_API_ENDPOINT', 'SEQERA_WORKSPACE_ID'])
      quoted.delete(variable);
    expect([...quoted].sort()).toEqual(Object.keys(NODE_ERRORS).sort());
  });
});
