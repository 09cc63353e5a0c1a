import type { Field } from './field.ts';
import { namesOf } from './field.ts';
import { CONNECTION_PREFIX, CONNECTION_SUFFIXES, connectionName } from './subjects/connection-names.ts';
import { egressFields } from './subjects/egress.ts';
import { folderFields } from './subjects/folders.ts';
import { gitFields } from './subjects/git.ts';
import { httpAuthFields } from './subjects/http-auth.ts';
import { networkFields } from './subjects/network.ts';
import { notificationFields } from './subjects/notifications.ts';
import { operationFields } from './subjects/operation.ts';
import { connectionFields, platformFields } from './subjects/platform.ts';
import { replicaFields } from './subjects/replicas.ts';
import { serverFields } from './subjects/server.ts';
import { signInFields } from './subjects/sign-in.ts';
import { tlsFields } from './subjects/tls.ts';
import { tracesFields } from './subjects/traces.ts';

/** Every variable, in the order of the reference; a further connection's stand there once, as `<NAME>`. */
export const schema: readonly Field[] = [
  ...Object.values(platformFields),
  ...Object.values(connectionFields('<NAME>')),
  ...Object.values(serverFields),
  ...Object.values(tlsFields),
  ...Object.values(signInFields),
  ...Object.values(httpAuthFields),
  ...Object.values(folderFields),
  ...Object.values(gitFields),
  ...Object.values(replicaFields),
  ...Object.values(egressFields),
  ...Object.values(operationFields),
  ...Object.values(tracesFields),
  ...Object.values(notificationFields),
  ...Object.values(networkFields),
];

const order = schema.map(({ variable }) => variable);

/** Where a variable stands in the schema; those of connections together, where the schema has theirs. */
export function placeOf(variable: string): number {
  const place = order.indexOf(variable);
  return place < 0 ? order.indexOf(`${CONNECTION_PREFIX}<NAME>_TOKEN`) : place;
}

const fixed = schema.filter((field) => !field.variable.includes('<NAME>'));
const fixedNames = new Set(fixed.flatMap(namesOf));
const secretNames = new Set(fixed.filter((field) => field.secret).flatMap(namesOf));

export function isKnown(variable: string): boolean {
  return fixedNames.has(variable) || connectionName(variable) !== null;
}

/** Holds a secret or says where one is: it must not stay in the environment. */
export function isSecretName(variable: string): boolean {
  return secretNames.has(variable) || (variable.startsWith(CONNECTION_PREFIX) && /_TOKEN(_FILE)?$/.test(variable));
}

/**
 * Every name that may hold a secret or say where one is: of the schema, and of the connections among `names`. A variable
 * that becomes secret in the schema is one of them without more ado.
 */
export function secretVariables(names: readonly string[]): string[] {
  return [...new Set([...secretNames, ...names.filter(isSecretName)])].sort();
}

/** The known name that is nearest to a misspelt one; null when none is near enough to be meant. */
export function nearestName(misspelt: string): string | null {
  const wanted = misspelt.toUpperCase();
  let best: { name: string; distance: number } | null = null;
  for (const name of [...fixedNames, ...connectionCandidates(wanted)]) {
    const distance = editDistance(wanted, name);
    if (distance <= Math.max(2, name.length / 4) && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best?.name ?? null;
}

/** …_CONNECTION_PROD_EU_TOKN: every way of splitting it into a name and an ending. */
function connectionCandidates(variable: string): string[] {
  if (!variable.startsWith(CONNECTION_PREFIX)) return [];
  const parts = variable.slice(CONNECTION_PREFIX.length).split('_');
  return parts.flatMap((_, end) =>
    end === 0
      ? []
      : CONNECTION_SUFFIXES.map((suffix) => `${CONNECTION_PREFIX}${parts.slice(0, end).join('_')}${suffix}`),
  );
}

/** Levenshtein, one row at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
