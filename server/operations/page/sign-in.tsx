import { useEffect, useState } from 'preact/hooks';
import { rich, t } from './language.ts';
import { LanguageChoice } from './language-choice.tsx';
import { editor, signIn, waysIn } from './session.ts';

/** For who has no session of the editor yet; what begins here is one. */
export function SignIn({ done }: { done(): void }) {
  const [ways, setWays] = useState<'form' | 'elsewhere' | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    waysIn()
      .then(setWays)
      .catch(() => setFault(t('signIn.silent')));
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
      <h1>{t('signIn.title')}</h1>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {ways === 'form' && (
        <form onSubmit={submit}>
          <label>
            {t('signIn.user')}
            <input name="username" autocomplete="username" required />
          </label>
          <label>
            {t('signIn.password')}
            <input name="password" type="password" autocomplete="current-password" required />
          </label>
          <button type="submit">{t('signIn.submit')}</button>
        </form>
      )}
      {ways === 'elsewhere' && (
        <p>
          {rich('signIn.elsewhere', {
            link: (
              <a key="link" href={editor.href}>
                {t('signIn.link')}
              </a>
            ),
          })}
        </p>
      )}
      <LanguageChoice />
    </main>
  );
}
