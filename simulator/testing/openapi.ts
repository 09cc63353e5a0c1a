import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { parse as parseYaml } from 'yaml';

// Both ways of importing a CommonJS default: compiled by tsc, and run as it is.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  explode?: boolean;
  schema?: Json;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content?: Record<string, { schema?: Json }> };
  responses?: Record<string, { content?: Record<string, { schema?: Json }> }>;
}

interface Specification {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}

/** A departure from the specification that is known and wanted. Each says why. */
export interface Tolerance {
  reason: string;
  /** `GET /path/{template}`; absent: every operation. */
  operation?: string;
  /** Matched against one problem, as it would be reported. */
  problem: RegExp;
}

/** What the Platform does and its specification does not say. */
export const TOLERANCES: readonly Tolerance[] = [
  {
    reason:
      'The row of an organisation has no workspace: real answers have null there, the schema says integer and string',
    operation: 'GET /user/{userId}/workspaces',
    problem: /^response body\/orgsAndWorkspaces\/\d+\/workspace(?:Id|Name) must be (?:integer|string)$/,
  },
  {
    reason: 'The schema of a param says object, params are of every type',
    problem: /\/params\/[^/]+ must be object$/,
  },
  {
    reason: 'Paths and names of files are declared as objects, and are text',
    problem: /^query parameter (?:paths|dirs|files) must be object$/,
  },
  {
    reason:
      'Start, stop and delete of a studio are refused in a state that does not allow them, which is declared nowhere',
    operation: 'PUT /studios/{sessionId}/start',
    problem: /^status 400 is not declared$/,
  },
  {
    reason: 'As above',
    operation: 'PUT /studios/{sessionId}/stop',
    problem: /^status 400 is not declared$/,
  },
  {
    reason: 'As above',
    operation: 'DELETE /studios/{sessionId}',
    problem: /^status 400 is not declared$/,
  },
];

/** The path of an object keeps its slashes. */
const TAKES_REST = /\/\{(?:path|filePath|dirPath)\}$/;

/** Answered by the Platform, its gateway or its limiter on any operation, and declared on none or few. */
const UNDECLARED_ERRORS = new Set([401, 403, 404, 405, 413, 429, 500, 502, 503, 504]);

export interface RequestToCheck {
  method: string;
  /** Template, as in the specification. */
  route: string | null;
  query: Record<string, string>;
  body?: unknown;
}

export interface ResponseToCheck {
  method: string;
  route: string;
  status: number;
  /** undefined: no body. */
  body: unknown;
}

/** The specification is no part of this repository: REDSTART_OPENAPI is its path. undefined when that is not set. @throws when nothing is there */
export function findSpecification(environment: NodeJS.ProcessEnv): string | undefined {
  const path = environment.REDSTART_OPENAPI;
  if (!path) return undefined;
  if (!existsSync(path)) throw new Error(`REDSTART_OPENAPI: there is no file ${path}`);
  return resolve(path);
}

/** Checks requests and answers against the published specification. Each check returns its problems, none when all is well. */
export class OpenApi {
  readonly #specification: Specification;
  readonly #ajv: Ajv;
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #tolerances: readonly Tolerance[];

  constructor(path: string, tolerances: readonly Tolerance[] = TOLERANCES) {
    this.#specification = parseYaml(readFileSync(path, 'utf8'), { maxAliasCount: -1 }) as Specification;
    this.#tolerances = tolerances;
    this.#ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, verbose: false });
    addFormats(this.#ajv);
    this.#ajv.addFormat('int32', {
      type: 'number',
      validate: (value: number) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31,
    });
    this.#ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
    const { schemas } = this.#specification.components;
    this.#ajv.addSchema({
      $id: 'spec',
      $defs: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema, schemas)])),
    });
  }

  /** Every `METHOD /template` of the specification. */
  get operations(): string[] {
    return Object.entries(this.#specification.paths).flatMap(([template, item]) =>
      Object.keys(item)
        .filter((method) => /^(?:get|put|post|delete|patch)$/.test(method))
        .map((method) => `${method.toUpperCase()} ${template}`),
    );
  }

  /** The template of the specification that a path belongs to. */
  routeOf(path: string): string | undefined {
    const parts = path.split('/');
    const fits = (template: string) => {
      const segments = template.split('/');
      const takesRest = TAKES_REST.test(template) && parts.length > segments.length;
      return (
        (takesRest || segments.length === parts.length) &&
        segments.every((segment, index) => (segment.startsWith('{') ? parts[index] !== '' : segment === parts[index]))
      );
    };
    const variables = (template: string) => template.split('{').length;
    const found = Object.keys(this.#specification.paths).filter(fits);
    return found.sort((a, b) => variables(a) - variables(b) || b.length - a.length)[0];
  }

  checkRequest({ method, route, query, body }: RequestToCheck): string[] {
    const name = `${method} ${route}`;
    const operation = this.#operation(method, route);
    if (!operation) return this.#untolerated(name, [`${name} is not in the specification`]);
    return this.#untolerated(name, [
      ...this.#queryProblems(operation, query),
      ...this.#bodyProblems(name, operation, body),
    ]);
  }

  checkResponse({ method, route, status, body }: ResponseToCheck): string[] {
    const name = `${method} ${route}`;
    const operation = this.#operation(method, route);
    if (!operation) return this.#untolerated(name, [`${name} is not in the specification`]);
    const declared = operation.responses?.[String(status)];
    if (!declared && !UNDECLARED_ERRORS.has(status)) {
      const undeclared = this.#untolerated(name, [`status ${status} is not declared`]);
      if (undeclared.length > 0) return undeclared;
    }
    const schema = declared?.content?.['application/json']?.schema;
    if (schema) return this.#untolerated(name, this.#problems(`${name} ${status}`, schema, body, 'response body'));
    if (body === undefined) return [];
    if (declared?.content && status < 400) return [];
    if (status < 400) return [`status ${status} is declared without a body`];
    // Errors that the specification declares without content come with the same body as those that it does.
    const error = { $ref: '#/components/schemas/ErrorResponse' };
    return this.#untolerated(name, this.#problems('ErrorResponse', error, body, 'response body'));
  }

  #operation(method: string, route: string | null): Operation | undefined {
    return route === null ? undefined : this.#specification.paths[route]?.[method.toLowerCase()];
  }

  #queryProblems(operation: Operation, query: Record<string, string>): string[] {
    const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
    const missing = known
      .filter(({ name, required }) => required && !(name in query))
      .map(({ name }) => `query parameter ${name} is required`);
    const wrong = Object.entries(query).flatMap(([name, text]) => {
      const parameter = known.find((one) => one.name === name);
      if (!parameter) return [`query parameter ${name} is not in the specification`];
      return this.#parameterProblems(parameter, text);
    });
    return [...missing, ...wrong];
  }

  #parameterProblems({ name, schema = {} }: Parameter, text: string): string[] {
    const resolved = this.#resolved(schema);
    const values = resolved.type === 'array' ? text.split(',') : [text];
    const one = resolved.type === 'array' ? this.#resolved((resolved.items ?? {}) as Json) : resolved;
    return values.flatMap((value) =>
      this.#problems(`query ${JSON.stringify(one)}`, one, typed(value, one.type), `query parameter ${name}`),
    );
  }

  #bodyProblems(name: string, operation: Operation, body: unknown): string[] {
    const declared = operation.requestBody;
    if (!declared) return body === undefined ? [] : ['request body is not declared'];
    if (body === undefined) return declared.required ? ['request body is required'] : [];
    const { content = {} } = declared;
    const schema = (content['application/json'] ?? content['multipart/form-data'])?.schema;
    return schema ? this.#problems(`${name} request`, schema, body, 'request body') : [];
  }

  #resolved(schema: Json): Json {
    const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
    return name === undefined ? schema : (this.#specification.components.schemas[name] ?? {});
  }

  #problems(key: string, schema: Json, value: unknown, where: string): string[] {
    let validate = this.#compiled.get(key);
    if (!validate) {
      validate = this.#ajv.compile(closed(schema, this.#specification.components.schemas));
      this.#compiled.set(key, validate);
    }
    if (validate(value)) return [];
    // `if` only says that one of its branches failed, which has said so itself.
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
    return errors.map((error) => `${where}${describe(error)}`);
  }

  #untolerated(operation: string, problems: string[]): string[] {
    return problems.filter(
      (problem) =>
        !this.#tolerances.some(
          (tolerance) =>
            (tolerance.operation === undefined || tolerance.operation === operation) && tolerance.problem.test(problem),
        ),
    );
  }
}

function typed(text: string, type: unknown): unknown {
  if (type === 'integer' || type === 'number')
    return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const extra =
    'additionalProperty' in params
      ? ` (${params.additionalProperty})`
      : 'unevaluatedProperty' in params
        ? ` (${params.unevaluatedProperty})`
        : '';
  return `${instancePath} ${message}${extra}`;
}

const REFERENCE = '#/components/schemas/';

/**
 * OpenAPI 3.0 to JSON Schema: `nullable` becomes a type of its own, references point into the one added schema,
 * and an object that lists its properties has no others, which is what makes an answer with a wrong name fail.
 */
function closed(schema: Json, all: Record<string, Json>): Json {
  const variants = schema.discriminator as { propertyName: string; mapping?: Record<string, string> } | undefined;
  if (variants?.mapping) return byDiscriminator(variants.propertyName, variants.mapping, all);
  if (Array.isArray(schema.allOf) && schema.nullable !== true && schema.allOf.length > 1)
    return closed(merged(schema, all), all);
  const converted: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$ref') converted.$ref = `spec#/$defs/${String(value).slice(REFERENCE.length)}`;
    else if (key === 'properties')
      converted.properties = mapValues(value as Record<string, Json>, (property) => closed(property, all));
    else if (key === 'items') converted.items = closed(value as Json, all);
    else if (key === 'additionalProperties')
      converted.additionalProperties = typeof value === 'object' ? closed(value as Json, all) : value;
    else if (key === 'allOf' || key === 'oneOf' || key === 'anyOf')
      // `oneOf` of an error and a wider error: both fit the first.
      converted[key === 'oneOf' ? 'anyOf' : key] = (value as Json[]).map((one) => closed(one, all));
    else if (
      !['nullable', 'description', 'example', 'title', 'xml', 'deprecated'].includes(key) &&
      !key.startsWith('x-')
    )
      converted[key] = value;
  }
  if (converted.properties && converted.additionalProperties === undefined) converted.additionalProperties = false;
  return schema.nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

/** An object of several parts: closing each part alone would refuse the properties of the others. */
function merged(schema: Json, all: Record<string, Json>): Json {
  const { allOf, ...own } = schema;
  const parts = [own, ...(allOf as Json[])].map((part) => {
    const name = typeof part.$ref === 'string' ? part.$ref.slice(REFERENCE.length) : undefined;
    const found = name === undefined ? part : (all[name] ?? {});
    return Array.isArray(found.allOf) ? merged(found, all) : found;
  });
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => (required as string[] | undefined) ?? []),
  };
}

/** The property says which schema holds, so that an error names that schema's problem and not those of all seventeen. */
function byDiscriminator(property: string, mapping: Record<string, string>, all: Record<string, Json>): Json {
  return {
    type: 'object',
    required: [property],
    properties: { [property]: { enum: Object.keys(mapping) } },
    allOf: Object.entries(mapping).map(([value, reference]) => ({
      if: { required: [property], properties: { [property]: { const: value } } },
      // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema.
      then: closed(all[reference.slice(REFERENCE.length)] ?? {}, all),
    })),
  };
}

const mapValues = <T, U>(object: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
