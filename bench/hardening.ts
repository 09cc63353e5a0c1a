// What the hardening costs on requests/s of `http in → http response`, against the same Express app with Node-RED in it and
// without the hardening. All run at the same time, and are asked in turns of a second: what else the machine does falls on each of
// them alike. Several processes of each: V8 may lay the same code out well in one and badly in the next, which is up to a fifth.
// The load generator never sleeps: to wake it would fall on the server, the more so the slower that is. Also in CPU time of the
// process for each request, as the load generator shares the machine.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { hashToken, makeToken } from '../server/auth/token-hash.ts';
import { cpuOf } from './cpu-of.ts';
import { median, prepare, remove, round, SUBJECTS, type Subject, start } from './subjects.ts';

const PROCESSES = Number(process.env.PROCESSES ?? 5);
const ROUNDS = Number(process.env.ROUNDS ?? 4);
const SECONDS = Number(process.env.SECONDS ?? 1);
const PASSWORD = 'four-words-of-the-bench';
const token = makeToken();

const bare: Subject = {
  name: 'express with node-red',
  path: '/api/ping',
  command: (folder, port) => ({
    args: [join(import.meta.dirname, 'bare-express.mjs'), folder, String(port)],
    env: {},
  }),
};

/** The appliance with another way of letting callers in. */
const letting = (
  name: string,
  env: Record<string, string>,
  authorization?: string,
): Subject & { authorization?: string } => ({
  ...SUBJECTS.appliance,
  name,
  command(folder, port) {
    const { args, env: usual } = SUBJECTS.appliance.command(folder, port);
    const { REDSTART_HTTP_AUTH: _, ...rest } = usual;
    const tokens = join(folder, 'tokens.yaml');
    writeFileSync(tokens, `- {name: bench, sha256: ${hashToken(token)}, paths: [/ping]}\n`, { mode: 0o600 });
    return {
      args,
      env: { ...rest, ...env, ...(env.REDSTART_HTTP_AUTH === 'token' && { REDSTART_HTTP_TOKENS_FILE: tokens }) },
    };
  },
  ...(authorization !== undefined && { authorization }),
});

const subjects: (Subject & { authorization?: string })[] = [
  bare,
  letting('open', { REDSTART_HTTP_AUTH: 'none' }),
  letting(
    'basic',
    { REDSTART_HTTP_USER: 'hook', REDSTART_HTTP_PASSWORD: PASSWORD },
    `Basic ${Buffer.from(`hook:${PASSWORD}`).toString('base64')}`,
  ),
  letting('token', { REDSTART_HTTP_AUTH: 'token' }, `Bearer ${token}`),
];

interface Run {
  subject: (typeof subjects)[number];
  folder: string;
  headers: Record<string, string>;
  running: Awaited<ReturnType<typeof start>>;
}

const measured = new Map(subjects.map((subject) => [subject, { rates: [] as number[], cpu: [] as number[] }]));
const ask = async ({ subject, running, headers }: Run, duration: number) => {
  const before = cpuOf(running.pid);
  const {
    requests,
    non2xx,
    errors,
    duration: took,
  } = await autocannon({ url: running.url, connections: 20, duration, headers });
  if (non2xx > 0 || errors > 0) throw new Error(`${subject.name}: ${non2xx} refusals, ${errors} errors`);
  return { rate: requests.total / took, cpu: (cpuOf(running.pid) - before) / requests.total };
};

let awake = true;
const stayAwake = (): void => {
  if (awake) setImmediate(stayAwake);
};
stayAwake();
for (let started = 0; started < PROCESSES; started += 1) {
  const runs: Run[] = [];
  for (const subject of subjects) {
    const headers = subject.authorization === undefined ? {} : { authorization: subject.authorization };
    const folder = prepare();
    runs.push({ subject, folder, headers, running: await start(subject, folder, headers) });
  }
  for (const run of runs) await ask(run, 3);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const run of runs) {
      const { rate, cpu } = await ask(run, SECONDS);
      measured.get(run.subject)?.rates.push(rate);
      measured.get(run.subject)?.cpu.push(cpu);
    }
  }
  for (const { running, folder } of runs) {
    await running.stop();
    remove(folder);
  }
}
awake = false;

const figures = Array.from(measured, ([{ name }, { rates, cpu }]) => ({
  name,
  requestsPerSecond: round(median(rates), 0),
  cpuMicroseconds: round(median(cpu), 1),
}));
const [base, ...hardened] = figures;
if (base === undefined) throw new Error('nothing was measured');
console.log(
  JSON.stringify({
    bench: 'hardening',
    processes: PROCESSES,
    rounds: ROUNDS,
    figures,
    ratio: Object.fromEntries(
      hardened.map(({ name, requestsPerSecond }) => [name, round(requestsPerSecond / base.requestsPerSecond)]),
    ),
    ratioOfCpu: Object.fromEntries(
      hardened.map(({ name, cpuMicroseconds }) => [name, round(base.cpuMicroseconds / cpuMicroseconds)]),
    ),
    goals: { ratio: '>= 0.85' },
  }),
);
