import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { refuse, replicaAddress, secretText, wholeNumber } from '../text-types.ts';

const field = fieldsOf('Several replicas');

export const replicaFields = {
  databaseUrl: field('REDSTART_DATABASE_URL', {
    type: secretText('a postgres:// address with user, password and database', (input) => {
      const url = URL.parse(input);
      if (!url || !/^postgres(?:ql)?:$/.test(url.protocol)) return refuse('is not a postgres:// address');
      if (url.hostname === '' && !url.searchParams.has('host')) refuse('names no host');
      if (url.pathname.length < 2) refuse('names no database');
    }),
    fallback: null,
    example: 'postgres://redstart:…@db.example.org/redstart?sslmode=verify-full',
    does: 'The PostgreSQL database that replicas share. What flows remember is there instead of in the data folder; one replica runs the flows, and another takes over when it is gone.',
    change: 'A second replica is to take over within seconds, or the flows need more than one process.',
    beware:
      'Who can write to the database can make flows do things again. Without sslmode=verify-full the connection can be listened to.',
  }),
  url: field('REDSTART_REPLICA_URL', {
    type: replicaAddress,
    fallback: null,
    fallbackText: 'the first network address of the machine, with PORT',
    example: 'https://10.0.0.7:1880',
    does: 'Where the other replicas reach this one. They pass on requests for what it runs.',
    change: 'The machine has several addresses, and the first is the wrong one.',
  }),
  leaseSeconds: field('REDSTART_LEASE_SECONDS', {
    type: wholeNumber(2, 60),
    fallback: 5,
    example: '10',
    does: 'How long a replica that is not heard of keeps what it runs. Another takes over about a second later.',
    change: 'Longer where the database is often away for longer than this: a replica that cannot renew its lease ends.',
  }),
  shards: field('REDSTART_SHARDS', {
    type: wholeNumber(1, 64),
    fallback: 1,
    example: '4',
    does: 'Over how many parts flow tabs are spread; each part is run by one replica at a time. The same at every replica.',
    change: 'One process does not carry all flows. See docs/scaling.md.',
    beware: 'Tabs in different parts have no global context in common. Takes REDSTART_FLOWS_MODE=readonly.',
  }),
};

export function readReplicas(reader: Reader, flows: Config['flows'], tls: Config['tls']): Pick<Config, 'replicas'> {
  const database = reader.get(replicaFields.databaseUrl);
  const url = reader.get(replicaFields.url);
  const leaseSeconds = reader.get(replicaFields.leaseSeconds);
  const shards = reader.get(replicaFields.shards);
  if (database === null) {
    for (const own of [replicaFields.url, replicaFields.leaseSeconds, replicaFields.shards]) {
      if (reader.has(own)) reader.problem(own, 'is set, but REDSTART_DATABASE_URL is not', 'both, or neither');
    }
    return { replicas: null };
  }
  if (shards > 1 && flows.mode !== 'readonly') {
    reader.problem(
      replicaFields.shards,
      `is ${shards}, but REDSTART_FLOWS_MODE is ${flows.mode}`,
      'REDSTART_FLOWS_MODE=readonly beside it: the editor of one replica does not know what the others run',
      'REDSTART_FLOWS_MODE=readonly',
    );
  }
  if (flows.mode === 'editable') {
    reader.warn(
      'Replicas share a database, and flows are editable: what is deployed at one reaches the others only through a folder that they share, and credentials entered in the editor not at all. Use REDSTART_FLOWS_MODE=readonly, and secret:NAME for credentials.',
    );
  }
  if (tls.clientAuth !== null) {
    reader.problem(
      replicaFields.databaseUrl,
      'is set, and so is REDSTART_TLS_CLIENT_CA_FILE: a replica that passes a request on cannot pass the client’s certificate on',
      'one of the two; a proxy in front can ask for the certificates',
    );
  }
  return { replicas: { database, url, leaseMs: leaseSeconds * 1000, shards } };
}
