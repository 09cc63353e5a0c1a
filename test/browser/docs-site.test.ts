import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, pagesOfSite } from '../../docs/.vitepress/arrangement.ts';
import { ERROR_CATALOGUE } from '../../server/error-catalogue.ts';
import { launchBrowser, openPage, type Watched } from '../support/browser.ts';
import { BuiltSite } from '../support/built-site.ts';
import { suiteFolder } from '../support/folder.ts';

/** Pictures are left here, when it is set. */
const SHOTS = process.env.REDSTART_SHOTS;
const BASE = '/redstart/';
const htmlOf = (page: string): string => page.replace(/\.md$/, '.html');
const pages = [...pagesOfSite().values()];

const folder = suiteFolder();
let site: BuiltSite;
beforeAll(() => {
  site = new BuiltSite(folder, BASE);
}, 120_000);
afterAll(() => site?.close());

/** Values of an attribute of some elements. */
const attributes = (html: string, element: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`<(?:${element})\\b[^>]*?\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  );

describe('the built site', () => {
  it('is built, without a dead link, in less than a minute', () => {
    expect(site.built).toMatchObject({ status: 0 });
    expect(site.built.seconds).toBeLessThan(60);
    console.log(`built in ${site.built.seconds.toFixed(1)} s`);
  });

  it('has every page, and each is in the menu', () => {
    const html = site.files('**/*.html').filter((file) => file !== '404.html');
    expect(html).toEqual(pages.map(htmlOf).sort());
    const [, sidebar = ''] = /<aside class="VPSidebar"([\s\S]*?)<\/aside>/.exec(site.read('errors.html')) ?? [];
    const listed = attributes(sidebar, 'a', 'href').map((href) => site.fileOf(href));
    expect(html.filter((file) => file !== 'index.html' && !listed.includes(file))).toEqual([]);
    expect(listed).not.toContain(null);
  });

  it('has what its pages load and link to: files, pictures, headings', () => {
    const missing = site.files('**/*.html').flatMap((file) => {
      const html = site.read(file);
      const links = [...attributes(html, 'a|link', 'href'), ...attributes(html, 'img|script|source', 'src')];
      return links.flatMap((link) => {
        const { origin, pathname, hash } = new URL(link, `http://site${BASE}${file}`);
        if (origin !== 'http://site') return [];
        const target = site.fileOf(pathname);
        if (target === null) return [`${file}: ${link}`];
        const id = decodeURIComponent(hash.slice(1));
        return id === '' || site.read(target).includes(`id="${id}"`) ? [] : [`${file}: ${link} (no such heading)`];
      });
    });
    expect(missing).toEqual([]);
  });

  it('asks no other host for anything', () => {
    const html = site.files('**/*.html').map((file) => site.read(file));
    const loaded = html.flatMap((text) => [
      ...attributes(text, 'link', 'href'),
      ...attributes(text, 'script|img|source|iframe|video|audio', 'src'),
    ]);
    expect(loaded.length).toBeGreaterThan(100);
    expect(loaded.filter((address) => /^(?:[a-z]+:)?\/\//i.test(address))).toEqual([]);
    const styles = site.files('**/*.css').map((file) => site.read(file));
    expect(styles.join('\n')).toContain('--vp-c-brand-1');
    expect(styles.join('\n')).not.toMatch(/@import|url\(\s*["']?(?:https?:)?\/\//);
    const scripts = site.files('assets/**/*.js').map((file) => site.read(file));
    expect(scripts.join('\n')).not.toMatch(
      /(?:fetch|import|sendBeacon|WebSocket|EventSource)\(\s*["'`](?:https?|wss?):/,
    );
    for (const text of html)
      expect(text).toMatch(/<head>\s*<meta http-equiv="Content-Security-Policy" content="default-src 'none'/);
  });
});

describe('the site in a browser', () => {
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let address: string;
  const hosts = new Set<string>();

  beforeAll(async () => {
    address = await site.serve();
    browser = await launchBrowser();
    watched = await openPage(browser);
    page = watched.page;
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
  });
  afterAll(() => browser?.close());

  const open = (path: string): Promise<unknown> => page.goto(`${address}${path}`, { waitUntil: 'networkidle' });
  async function shot(name: string): Promise<void> {
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `site-${name}.png`) });
  }

  it('finds an error by its code, from any page', async () => {
    await open('docker.html');
    await shot('page');
    await page.keyboard.press('Control+k');
    await page.fill('#localsearch-input', 'DATA_FOLDER_IN_USE');
    const found = page.locator('.VPLocalSearchBox .result').first();
    await found.waitFor();
    await shot('search');
    expect(await found.getAttribute('href')).toBe(`${BASE}errors.html#data_folder_in_use`);
    await found.click();
    await page.waitForURL(/errors\.html#data_folder_in_use$/);
    const section = page.locator('#data_folder_in_use');
    expect(await section.innerText()).toContain('DATA_FOLDER_IN_USE');
    expect(await page.locator('.vp-doc').innerText()).toContain(ERROR_CATALOGUE.DATA_FOLDER_IN_USE.meaning);
    await expect
      .poll(() => section.evaluate((it) => Math.abs(it.getBoundingClientRect().top)), { timeout: 5000 })
      .toBeLessThan(200);
    await shot('errors');
  });

  it('turns dark at the switch, and stays so', async () => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await open('');
    await shot('light');
    const light = await background();
    await page.locator('.VPSwitchAppearance:visible').first().click();
    await expect.poll(background).not.toBe(light);
    await open('security.html');
    expect(await background()).not.toBe(light);
    await shot('dark');
  });

  it('opens the menu and leads to a page at 360 px', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open('environment.html');
    await shot('narrow');
    await page.locator('.VPLocalNav .menu').click();
    await page.locator('.VPSidebar.open a', { hasText: 'Flow files' }).click();
    await page.waitForURL(/flow-files\.html$/);
    await shot('narrow-flow-files');
  });

  it('needs no scrolling sideways at 360 px, on any page', { timeout: 180_000 }, async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const wide: string[] = [];
    for (const each of pages) {
      await page.goto(
        `http://${new URL(address).host}${BASE}${addressOf(each).slice(1)}${each.endsWith('index.md') ? '' : '.html'}`,
      );
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) wide.push(`${each}: ${width} px`);
    }
    expect(wide).toEqual([]);
  });

  it('asked nobody else, and broke neither its policy nor anything else', () => {
    expect([...hosts]).toEqual([new URL(address).host]);
    expect([...new Set(watched.complaints)]).toEqual([]);
  });
});
