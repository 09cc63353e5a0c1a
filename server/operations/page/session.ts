import { t } from './language.ts';

/** Where the editor is, whatever a proxy takes away of the path. */
export const editor = new URL(document.documentElement.dataset.editor ?? 'editor/', document.baseURI);

/** Where Node-RED's editor keeps its session: who is signed in there is here, and the other way round. */
const KEY = `auth-tokens${editor.pathname.slice(0, -1).replaceAll('/', '-')}`;

export function token(): string | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    const text = typeof kept === 'object' && kept !== null && 'access_token' in kept ? kept.access_token : null;
    return typeof text === 'string' ? text : null;
  } catch {
    return null;
  }
}

export const forget = (): void => localStorage.removeItem(KEY);

/** Calls back when somebody signed in or out in another window. */
export function onChange(changed: () => void): () => void {
  const heard = (event: StorageEvent): void => {
    if (event.key === KEY || event.key === null) changed();
  };
  window.addEventListener('storage', heard);
  return () => window.removeEventListener('storage', heard);
}

/** Whether there is a form to fill in, or a page of the editor's to go to. */
export async function waysIn(): Promise<'form' | 'elsewhere'> {
  const answer = await fetch(new URL('auth/login', editor));
  const { type } = (await answer.json()) as { type?: string };
  return type === 'credentials' ? 'form' : 'elsewhere';
}

/** @returns why not, or null */
export async function signIn(username: string, password: string): Promise<string | null> {
  const answer = await fetch(new URL('auth/token', editor), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: 'node-red-editor', grant_type: 'password', scope: '*', username, password }),
  });
  if (answer.ok) {
    localStorage.setItem(KEY, JSON.stringify(await answer.json()));
    return null;
  }
  if (answer.status === 403) return t('signIn.wrong');
  return answer.status === 429 ? (await answer.text()).trim() : t('signIn.answered', { status: String(answer.status) });
}

export async function signOut(): Promise<void> {
  const bearer = token();
  forget();
  if (bearer === null) return;
  await fetch(new URL('auth/revoke', editor), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: '{}',
  }).catch(() => undefined);
}
