import { resolve } from 'node:path';
import { readDotEnv } from './dotenv.ts';
import { isKnown } from './schema.ts';

const NAMES_A_PATH = /_(?:FILE|DIR|CERTS)$/;

/** Files and folders that variables name, and `.env`: secrets, certificates, lists of users. Absolute. */
export function configuredFiles(env: NodeJS.ProcessEnv, cwd: string): string[] {
  const named = Object.entries({ ...readDotEnv(cwd).values, ...env })
    .filter(([name, value]) => NAMES_A_PATH.test(name) && isKnown(name) && value)
    .map(([, value]) => resolve(cwd, String(value)));
  return [resolve(cwd, '.env'), ...named];
}

export function configuredFilesOfProcess(): string[] {
  return configuredFiles(process.env, process.cwd());
}
