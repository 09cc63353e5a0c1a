import { readFile } from 'node:fs/promises';
import { isObject } from '../flows/flow-node.ts';
import { replaceFile } from '../flows/write-files.ts';

/** What is kept over a restart. */
export interface KeptState {
  /** The commit whose flows are in force. */
  revision: string;
  /** Commit of the deploys made here since; null: there are none. */
  deployed: string | null;
  /** Whether that commit has reached the repository. */
  pushed: boolean;
  appliedAt: string;
  /** Commit that is being written over the folder: what a crash leaves there is nobody's work. */
  applying: string | null;
}

const SHA = /^[0-9a-f]{40}$/;

/** Null when there is none, or none that can be used: the repository is then asked first. */
export async function readKept(path: string): Promise<KeptState | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isObject(value) || !SHA.test(String(value.revision))) return null;
    return {
      revision: String(value.revision),
      deployed: SHA.test(String(value.deployed)) ? String(value.deployed) : null,
      pushed: value.pushed === true,
      appliedAt: String(value.appliedAt),
      applying: SHA.test(String(value.applying)) ? String(value.applying) : null,
    };
  } catch {
    return null;
  }
}

export async function writeKept(path: string, state: KeptState): Promise<void> {
  await replaceFile(path, JSON.stringify(state, null, 2), 0o600);
}
