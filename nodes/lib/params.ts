import { invalidInput } from './errors.ts';
import { jsonText } from './json-text.ts';
import { isPlainObject, type PlainObject } from './typed-input.ts';

/**
 * The text of a pipeline's parameters with others over it, the later ones winning. A text that nothing is laid over
 * stays as it is. @throws SEQERA_INVALID_INPUT when the text is neither JSON nor YAML of a map
 */
export async function mergeParams(
  paramsText: string | null | undefined,
  ...over: PlainObject[]
): Promise<string | undefined> {
  const laid = over.filter((each) => Object.keys(each).length > 0);
  const base = paramsText ?? '';
  if (laid.length === 0) return base.trim() === '' ? undefined : base;
  return jsonText(Object.assign({}, await parseParams(base), ...laid), 'The parameters');
}

/** Nextflow reads YAML 1.1, where these are truth values; as a text `no` would be true to it. */
const TRUTH = [
  [/^(?:yes|Yes|YES|on|On|ON)$/, true],
  [/^(?:no|No|NO|off|Off|OFF)$/, false],
] as const;

async function parseParams(text: string): Promise<PlainObject> {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    const { parse } = await import('yaml');
    try {
      const customTags = TRUTH.map(([test, is]) => ({
        tag: 'tag:yaml.org,2002:bool',
        default: true as const,
        test,
        resolve: () => is,
      }));
      value = parse(text, { maxAliasCount: 100, customTags }) as unknown;
    } catch (error) {
      const [first] = (error as Error).message.split('\n');
      throw invalidInput(
        `The parameters of the pipeline are neither JSON nor YAML (${first}), so nothing can be laid over them`,
      );
    }
  }
  if (value === null || value === undefined) return {};
  if (!isPlainObject(value)) {
    throw invalidInput(
      'The parameters of the pipeline are no map of names and values, so nothing can be laid over them',
    );
  }
  return value;
}
