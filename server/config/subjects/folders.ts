import { sep } from 'node:path';
import type { Config } from '../config.ts';
import { type Field, fieldsOf } from '../field.ts';
import { passwordFault } from '../password-rules.ts';
import type { Reader } from '../reader.ts';
import { choice, path, refuse, secretText } from '../text-types.ts';

const field = fieldsOf('Folders');

export const folderFields = {
  dataDir: field('REDSTART_DATA_DIR', {
    type: path('a folder that Redstart may write to'),
    fallback: './data',
    fallbackText: './data (image: /data)',
    example: '/data',
    does: 'Where everything is kept that must outlive a restart: state of the nodes, encrypted credentials, sessions. The only folder that is written to, besides the flows folder in mode editable.',
    change: 'To put it on a volume. Back this folder up.',
    beware: 'It holds secrets, encrypted, and unless REDSTART_CREDENTIAL_SECRET is set the key beside them.',
  }),
  flowsDir: field('REDSTART_FLOWS_DIR', {
    type: path('the folder with the flow files'),
    fallback: './flows',
    fallbackText: './flows (image: /flows)',
    example: '/flows',
    does: 'The folder of the flow files: every *.json in it is loaded.',
    change: 'Your flows are elsewhere, in a checkout of your repository for instance.',
    beware: 'A flow is a program: who can write here can do what Redstart can.',
  }),
  flowsMode: field('REDSTART_FLOWS_MODE', {
    type: choice(['editable', 'readonly']),
    fallback: 'editable',
    fallbackText: '`editable` (image: `readonly`)',
    example: 'readonly',
    does: 'editable: a deploy in the editor writes the flow files. readonly: deploys are refused, flows change by changing the files.',
    change: 'readonly wherever flows come from version control.',
    beware: 'readonly keeps the editor from writing, not somebody with access to the folder.',
  }),
  credentialSecret: field('REDSTART_CREDENTIAL_SECRET', {
    aliases: ['NODE_RED_CREDENTIAL_SECRET'],
    type: secretText('at least 8 characters, hard to guess; the same at every start', (secret) => {
      const fault = passwordFault(secret, { maxBytes: 4096 });
      if (fault) refuse(fault);
    }),
    fallback: null,
    fallbackText: 'generated into the data folder',
    example: '"$(openssl rand -base64 32)"',
    does: 'The key with which credentials that flows keep are encrypted at rest.',
    change:
      'Wherever it matters: it keeps the key apart from what it protects, and a lost data volume can be restored.',
    beware:
      'With another secret than before, stored credentials cannot be read: see REDSTART_CREDENTIAL_SECRET_PREVIOUS. It does not protect them in the running process.',
  }),
  previousSecret: field('REDSTART_CREDENTIAL_SECRET_PREVIOUS', {
    type: secretText('the secret that was in use before', (secret) => {
      if (secret.length < 8) refuse('is shorter than any secret can have been');
    }),
    fallback: null,
    example: '"$OLD_SECRET"',
    does: 'What is still encrypted with this secret is read with it, and encrypted anew with REDSTART_CREDENTIAL_SECRET at the start.',
    change: 'To rotate the secret: the old one here, the new one there, one restart; then take it away again.',
    beware: 'Backups that were made with the old secret still need it.',
  }),
  secretsDir: field('REDSTART_SECRETS_DIR', {
    type: path('a folder with one file a secret'),
    fallback: null,
    fallbackText: 'none (image: /run/secrets)',
    example: '/run/secrets',
    does: 'Where secret:NAME in a credential field of a node is looked up: the content of the file NAME in this folder.',
    change: 'Credentials of flows come from Docker, Kubernetes or a vault, instead of being typed into the editor.',
    beware:
      'Who can deploy a flow can use every secret in this folder, besides those that Redstart itself is given by a …_FILE variable: keep only what flows are meant to have in it.',
  }),
};

export function readFolders(
  reader: Reader,
): Pick<Config, 'data' | 'flows' | 'credentialSecret' | 'previousCredentialSecret' | 'secrets'> {
  const folder = (own: Field<string>): string =>
    reader.absolute(reader.get(own, { value: own.fallback, text: reader.absolute(own.fallback) }));
  const dataDir = folder(folderFields.dataDir);
  const flowsDir = folder(folderFields.flowsDir);
  for (const [dir, own] of [
    [dataDir, folderFields.dataDir],
    [flowsDir, folderFields.flowsDir],
  ] as const) {
    if (dir === sep) reader.problem(own, 'is the root of the file system', own.type.expected);
  }
  // Credentials and their key would end up in the folder that goes into version control.
  if (dataDir === flowsDir || dataDir.startsWith(`${flowsDir}${sep}`)) {
    reader.problem(
      folderFields.dataDir,
      `(${dataDir}) is inside REDSTART_FLOWS_DIR (${flowsDir})`,
      'a folder apart from the flows',
      `REDSTART_DATA_DIR=${dataDir}-data`,
    );
  }
  const secretsDir = reader.get(folderFields.secretsDir);
  return {
    data: { dir: dataDir },
    flows: { dir: flowsDir, mode: reader.get(folderFields.flowsMode) },
    credentialSecret: reader.get(folderFields.credentialSecret),
    previousCredentialSecret: readPrevious(reader),
    secrets: { dir: secretsDir === null ? null : reader.absolute(secretsDir), own: [] },
  };
}

function readPrevious(reader: Reader): Config['previousCredentialSecret'] {
  const { previousSecret, credentialSecret } = folderFields;
  if (reader.has(previousSecret) && !reader.has(credentialSecret))
    reader.problem(
      credentialSecret,
      `is not set, but ${reader.nameOf(previousSecret)} is`,
      'the new secret, which what was encrypted with the previous one is encrypted with from now on',
    );
  return reader.get(previousSecret);
}
