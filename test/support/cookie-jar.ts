/** What a browser does with redirects and cookies, as far as signing in needs it. */
export class CookieJar {
  readonly #cookies = new Map<string, { value: string; path: string; attributes: string }>();
  /** Every cookie that was set, as it was written. */
  readonly seen: string[] = [];

  /** Follows no redirect: the caller looks at each. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const { host, pathname } = new URL(url);
    const own = [...this.#cookies].filter(([key, { path }]) => key.startsWith(`${host} `) && pathname.startsWith(path));
    const headers = new Headers(init.headers);
    if (own.length > 0)
      headers.set('cookie', own.map(([key, { value }]) => `${key.split(' ')[1]}=${value}`).join('; '));
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      this.seen.push(line);
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path =
        attributes.find((part) => /^path=/i.test(part))?.slice(5) ?? pathname.slice(0, pathname.lastIndexOf('/'));
      const gone =
        attributes.some((part) => /^max-age=0$/i.test(part)) ||
        attributes.some((part) => /^expires=thu, 01 jan 1970/i.test(part));
      if (gone) this.#cookies.delete(`${host} ${name}`);
      else this.#cookies.set(`${host} ${name}`, { value, path, attributes: attributes.join('; ') });
    }
    return answer;
  }

  /** The value of a cookie, for tests that take it elsewhere. */
  value(name: string): string | undefined {
    return [...this.#cookies].find(([key]) => key.endsWith(` ${name}`))?.[1].value;
  }

  /** Follows redirects while they stay away from `until`. @returns the last address, answered or, if it is `until`, not asked */
  async follow(start: string | URL, until: (url: URL) => boolean): Promise<{ url: URL; answer: Response | null }> {
    let url = new URL(start);
    for (let hops = 0; hops < 12; hops += 1) {
      if (hops > 0 && until(url)) return { url, answer: null };
      const answer = await this.fetch(url);
      const location = answer.headers.get('location');
      if (location === null) return { url, answer };
      await answer.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error(`redirected in a circle, at last to ${url.href}`);
  }
}
