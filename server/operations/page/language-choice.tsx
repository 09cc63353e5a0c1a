import { choose, LANGUAGES, speech, t } from './language.ts';

export function LanguageChoice() {
  return (
    <select
      class="language"
      aria-label={t('page.language')}
      value={speech.language}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {Object.entries(LANGUAGES).map(([language, { name }]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </select>
  );
}
