import { describe, expect, it } from 'vitest';
import { namesOf } from './field.ts';
import { editDistance, isKnown, isSecretName, nearestName, schema, secretVariables } from './schema.ts';
import { connectionName, connectionNameFault } from './subjects/connection-names.ts';

describe('the schema', () => {
  it('has no name twice', () => {
    const names = schema.flatMap(namesOf);
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
  });

  it.each(schema.map((field) => [field.variable, field] as const))(
    '%s says what it does and when to change it',
    (_, field) => {
      expect(field.does).toMatch(/^\S.{20,}[.]$/s);
      expect(field.change).toMatch(/[.]$/);
      expect(field.type.expected).not.toBe('');
      expect(field.example).not.toBe('');
      if (field.beware !== null) expect(field.beware).toMatch(/[.]$/);
    },
  );

  it('takes the example of every variable that is not secret', () => {
    const refused = schema.filter((field) => !field.secret && !field.type.schema.safeParse(field.example).success);
    expect(refused.map((field) => field.variable)).toEqual([]);
  });
});

describe('names', () => {
  it.each([
    'TOWER_ACCESS_TOKEN',
    'SEQERA_ACCESS_TOKEN_FILE',
    'NODE_RED_CREDENTIAL_SECRET',
    'REDSTART_ADMIN_PASSWORD_HASH_FILE',
    'REDSTART_OIDC_CLIENT_SECRET',
    'REDSTART_CONNECTION_PROD_EU_TOKEN',
    'REDSTART_CONNECTION_prod_TOKEN_FILE',
  ])('%s is a secret', (name) => {
    expect([isKnown(name), isSecretName(name)]).toEqual([true, true]);
  });

  it.each(['PORT', 'REDSTART_CONNECTION_PROD_ENDPOINT', 'REDSTART_TLS_KEY_FILE'])('%s is none', (name) => {
    expect([isKnown(name), isSecretName(name)]).toEqual([true, false]);
  });

  it.each([
    ['REDSTART_EDITR_PATH', 'REDSTART_EDITOR_PATH'],
    ['REDSTART_ADMIN_PASWORD', 'REDSTART_ADMIN_PASSWORD'],
    ['redstart_flows_mode', 'REDSTART_FLOWS_MODE'],
    ['REDSTART_CONNECTION_PROD_EU_TOKN', 'REDSTART_CONNECTION_PROD_EU_TOKEN'],
    ['REDSTART_CONNECTION_PROD_WORKSPACE', 'REDSTART_CONNECTION_PROD_WORKSPACE_ID'],
    ['REDSTART_CREDENTIALS_SECRET', 'REDSTART_CREDENTIAL_SECRET'],
    ['REDSTART_COFFEE_MACHINE_STRENGTH', null],
  ])('%s is nearest to %s', (misspelt, meant) => {
    expect(nearestName(misspelt)).toBe(meant);
  });

  it('counts edits', () => {
    expect([editDistance('', ''), editDistance('kitten', 'sitting'), editDistance('abc', '')]).toEqual([0, 3, 3]);
  });
});

describe('names of connections', () => {
  it.each([
    ['REDSTART_CONNECTION_PROD_TOKEN', 'PROD'],
    ['REDSTART_CONNECTION_PROD_EU_WORKSPACE_ID', 'PROD_EU'],
    ['REDSTART_CONNECTION_MY_TOKEN_FILE', 'MY'],
    ['REDSTART_CONNECTION_MY_TOKEN_TOKEN', 'MY_TOKEN'],
    ['REDSTART_CONNECTION_TOKEN', null],
    ['REDSTART_CONNECTION__TOKEN', null],
    ['REDSTART_CONNECTION_PROD', null],
    ['REDSTART_CONNECTIONS_PROD_TOKEN', null],
  ])('%s is %s', (variable, name) => {
    expect(connectionName(variable)).toBe(name);
  });

  it.each(['PROD', 'PROD_EU', 'A1', 'TOKENS'])('%s is fine', (name) => {
    expect(connectionNameFault(name)).toBeNull();
  });

  it.each(['prod', '1A', 'A__B', 'A_', 'DEFAULT', 'MY_TOKEN', 'ENDPOINT', 'A_FILE', 'X'.repeat(41), 'Ä'])(
    '%s is refused',
    (name) => {
      expect(connectionNameFault(name)).not.toBeNull();
    },
  );
});

describe('secretVariables', () => {
  const found = [
    'PATH',
    'REDSTART_CONNECTION_PROD_EU_TOKEN_FILE',
    'REDSTART_CONNECTION_LAB_ENDPOINT',
    'TOWER_ACCESS_TOKEN',
  ];
  const names = secretVariables(found);

  it('has every secret of the schema under each of its names', () => {
    const secrets = schema.filter((field) => field.secret && !field.variable.includes('<NAME>'));
    expect(secrets.length).toBeGreaterThan(6);
    for (const name of secrets.flatMap(namesOf)) expect(names).toContain(name);
  });

  it('has those of the connections that are set, nothing twice, and nothing that is no secret', () => {
    expect(names).toContain('REDSTART_CONNECTION_PROD_EU_TOKEN_FILE');
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !isSecretName(name))).toEqual([]);
    expect(names.join()).not.toMatch(/<NAME>|ENDPOINT|PATH/);
  });
});
