import type { z } from 'zod';
import { nearest } from '../check/rules/node-types.ts';
import type { FileProblem } from './file-problem.ts';
import { type FlowTestFile, flowTestSchema } from './rehearsal-schema.ts';
import { type Path, type Place, readYaml } from './yaml-places.ts';

export interface FlowTests {
  file: string;
  content: FlowTestFile;
  placeOf(path: Path): Place;
}

/** One test file, checked. All that is wrong with it is told at once. */
export function readFlowTests(file: string, text: string): FlowTests | FileProblem[] {
  const { value, faults, placeOf } = readYaml(text);
  if (faults.length > 0)
    return faults.map(({ place, message }) => ({ file, place, message: `this is no YAML: ${message}` }));
  const result = flowTestSchema.safeParse(value ?? {}, { reportInput: true });
  // What is checked is not what is used: a scenario's expressions are compiled by the simulator itself.
  if (result.success) return { file, content: value as FlowTestFile, placeOf };
  const { issues } = result.error;
  // Of a thing with a misspelt key it is clear that the right key is missing.
  const misspelt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join('.')));
  return issues
    .filter(({ code, path }) => code !== 'custom' || !misspelt.has(path.join('.')))
    .flatMap((issue) => problemsOf(issue, [], file, placeOf))
    .sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, around: Path, file: string, placeOf: (path: Path) => Place): FileProblem[] {
  const path = [...around, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near ? `: did you mean ${near}?` : known.length > 0 ? `. There is ${known.join(', ')}` : '';
      return { file, place: placeOf([...path, key]), message: `${said(path)}${key} is not known${hint}` };
    });
  }
  if (issue.code === 'invalid_union') {
    // The form that was nearly met says most: the one that failed deepest.
    const best = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0];
    if (best && depth(best) > 0) return best.flatMap((inner) => problemsOf(inner as Issue, path, file, placeOf));
  }
  const message = issue.message.replace(/^Invalid input: /, '').replace(/^Too small: /, '');
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return [{ file, place: placeOf(path), message: `${said(path)}${missing ? 'is missing' : message}` }];
}

const depth = (issues: readonly { path: Path; code?: string }[]): number =>
  Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));

const said = (path: Path): string => (path.length > 0 ? `${path.map(String).join('.')}: ` : '');

/** The keys that may stand at a place, for saying which one was meant. */
function keysAt(path: Path): string[] {
  let schemas: Inside[] = [flowTestSchema as unknown as Inside];
  for (const step of path)
    schemas = schemas.flatMap((schema) => unwrapped(schema)).flatMap((schema) => inside(schema, step));
  return [...new Set(schemas.flatMap(unwrapped).flatMap(({ def }) => Object.keys(def.shape ?? {})))];
}

interface Inside {
  def: {
    type: string;
    shape?: Record<string, Inside>;
    element?: Inside;
    innerType?: Inside;
    options?: Inside[];
    valueType?: Inside;
    in?: Inside;
  };
}

function unwrapped(schema: Inside): Inside[] {
  const { innerType, options, in: input } = schema.def;
  if (innerType) return unwrapped(innerType);
  if (options) return options.flatMap(unwrapped);
  if (input) return unwrapped(input);
  return [schema];
}

function inside({ def }: Inside, step: PropertyKey): Inside[] {
  const next = def.shape ? def.shape[String(step)] : (def.element ?? def.valueType);
  return next ? [next] : [];
}
