import { useEffect, useState } from 'preact/hooks';
import { editor, signIn, waysIn } from './session.ts';

/** For who has no session of the editor yet; what begins here is one. */
export function SignIn({ done }: { done(): void }) {
  const [ways, setWays] = useState<'form' | 'elsewhere' | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    waysIn()
      .then(setWays)
      .catch(() => setFault('The editor does not answer.'));
  }, []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const why = await signIn(String(fields.get('username')), String(fields.get('password'))).catch(String);
    setFault(why);
    if (why === null) done();
  };
  return (
    <main class="sign-in">
      <h1>Status of Redstart</h1>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {ways === 'form' && (
        <form onSubmit={submit}>
          <label>
            User name
            <input name="username" autocomplete="username" required />
          </label>
          <label>
            Password
            <input name="password" type="password" autocomplete="current-password" required />
          </label>
          <button type="submit">Sign in</button>
        </form>
      )}
      {ways === 'elsewhere' && (
        <p>
          <a href={editor.href}>Sign in to the editor</a>, then come back: this page goes by the same session.
        </p>
      )}
    </main>
  );
}
