/** Pages beside the editor's own dialog: without scripts, readable with a keyboard and a screen reader. */

const asText = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f3f3f3; color: #222; }
  main { max-width: 24rem; margin: 12vh auto 0; padding: 2rem; background: #fff; border: 1px solid #ccc; border-radius: 6px; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  label { display: block; margin-top: .75rem; }
  input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; border: 1px solid #767676; border-radius: 4px; }
  .button { display: block; width: 100%; box-sizing: border-box; margin-top: 1rem; padding: .6rem; font: inherit; text-align: center; text-decoration: none; color: #fff; background: #8c101c; border: 0; border-radius: 4px; cursor: pointer; }
  .second { color: #222; background: #fff; border: 1px solid #767676; }
  .fault { color: #8c101c; font-weight: 600; }
  hr { border: 0; border-top: 1px solid #ccc; margin: 1.5rem 0 .5rem; }`;

const page = (title: string, body: string): string =>
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Redstart</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body>
</html>
`;

/** Addresses are relative to `<editor>/auth/`, whatever a proxy takes away of the path. */
export function signInPage({ fault }: { fault?: string } = {}): string {
  const told = fault === undefined ? '' : `<p class="fault" role="alert">${asText(fault)}</p>\n`;
  return page(
    'Sign in',
    `${told}<a class="button" href="oidc">Single sign-on</a>
<hr>
<form method="post" action="sign-in">
<label>User name<input name="username" autocomplete="username" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button class="button second" type="submit">Sign in with a password</button>
</form>`,
  );
}

export interface RefusalPage {
  readonly title: string;
  /** One paragraph each. */
  readonly text: readonly string[];
  /** Sign in as somebody else, which the provider is told to ask for. */
  readonly again: boolean;
}

export function refusalPage({ title, text, again }: RefusalPage): string {
  const paragraphs = text.map((each) => `<p>${asText(each)}</p>`).join('\n');
  return page(
    title,
    `${paragraphs}
<a class="button" href="${again ? 'oidc?again=1' : 'oidc'}">${again ? 'Sign in as somebody else' : 'Try again'}</a>
<a class="button second" href="../">Back</a>`,
  );
}
