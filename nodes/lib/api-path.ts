import { invalidInput } from './errors.ts';
import { isPlainObject, type PlainObject } from './typed-input.ts';
import { segment } from './urls.ts';

/** Calls that are about no workspace: the parameter would say nothing there. */
const NO_WORKSPACE = /^\/(?:user-info|service-info|user|orgs|tokens|platform|workflow\/random-name)(?:\/|$)/;

export const isInWorkspace = (path: string): boolean => !NO_WORKSPACE.test(path);

/**
 * A path of the API with its `{placeholders}` filled in, each encoded, so that no value adds a segment.
 * @throws SEQERA_INVALID_INPUT for what is missing or could leave the base URL
 */
export function fillPath(template: string, params: unknown): string {
  const values = isPlainObject(params) ? params : {};
  if (/^[a-z][a-z\d+.-]*:/i.test(template) || template.startsWith('//'))
    throw invalidInput('path must be below the base URL of the connection, such as /workflow/{workflowId}');
  if (template.includes('?') || template.includes('#'))
    throw invalidInput('path holds a ? or #: put what follows into query');
  // Servers and proxies decode these before or after they look at the path, each in its own way.
  if (/%(?:2f|5c|2e)/i.test(template) || template.includes('\\'))
    throw invalidInput('path holds an encoded slash or dot, or a backslash: write it as a {placeholder}');
  const path = template.startsWith('/') ? template : `/${template}`;
  const filled = path.replace(/\{([^{}/]*)\}/g, (_whole, name: string) => encoded(name, values));
  if (/[{}]/.test(filled)) throw invalidInput('path has a brace without its partner');
  return filled;
}

function encoded(name: string, values: PlainObject): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw invalidInput(`path has {${name}}, and msg.params has no text or number of that name`);
  const text = String(value);
  if (text.split(/[/\\]/).some((part) => part === '.' || part === '..'))
    throw invalidInput(`msg.params.${name} holds a part that is . or .., which could leave the base URL`);
  return segment(text);
}
