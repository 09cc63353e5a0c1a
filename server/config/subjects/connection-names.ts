export const CONNECTION_PREFIX = 'REDSTART_CONNECTION_';
/** Longest first: `_TOKEN_FILE` ends in neither of the others, but `A_TOKEN_TOKEN` ends in `_TOKEN` once. */
export const CONNECTION_SUFFIXES = ['_TOKEN_FILE', '_WORKSPACE_ID', '_ENDPOINT', '_TOKEN'] as const;

// As a part of a name they could be read two ways: is …_MY_TOKEN_FILE the file of MY, or some FILE of MY_TOKEN?
const AMBIGUOUS = ['TOKEN', 'ENDPOINT', 'WORKSPACE', 'FILE'];

/** The NAMEs for which any REDSTART_CONNECTION_<NAME>_… variable is set, sorted. May be malformed. */
export function connectionNames(variables: readonly string[]): string[] {
  const names = variables.flatMap((variable) => {
    const name = connectionName(variable);
    return name === null ? [] : [name];
  });
  return [...new Set(names)].sort();
}

/** The NAME in a variable of the family; null for any other variable, and for one with nothing between the two ends. */
export function connectionName(variable: string): string | null {
  if (!variable.startsWith(CONNECTION_PREFIX)) return null;
  const rest = variable.slice(CONNECTION_PREFIX.length);
  const suffix = CONNECTION_SUFFIXES.find((end) => rest.endsWith(end));
  return suffix && rest.length > suffix.length ? rest.slice(0, -suffix.length) : null;
}

/** Why a NAME cannot be used; words that complete "REDSTART_CONNECTION_<NAME>_… ". */
export function connectionNameFault(name: string): string | null {
  if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name)) return 'has a malformed name';
  if (name.length > 40) return 'has a name of more than 40 characters';
  if (name === 'DEFAULT')
    return 'names the default connection, whose variables are TOWER_ACCESS_TOKEN, TOWER_API_ENDPOINT and TOWER_WORKSPACE_ID';
  const part = name.split('_').find((word) => AMBIGUOUS.includes(word));
  return part ? `has ${part} as a part of its name, which could be read two ways` : null;
}
