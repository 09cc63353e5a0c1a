/** In a credential field: the value is the content of a file in the secrets folder. */
export const REFERENCE_PREFIX = 'secret:';

// No slash, and nothing that begins with a dot: neither another folder nor the ..data of a Kubernetes volume.
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;

export const isReference = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith(REFERENCE_PREFIX);

/** The name in a reference; null when no file can have it. */
export function referencedName(reference: string): string | null {
  const name = reference.slice(REFERENCE_PREFIX.length);
  return NAME.test(name) ? name : null;
}
