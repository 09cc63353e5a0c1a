import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bearers } from '../../server/auth/identities.ts';
import { refuse } from '../../server/auth/refusal.ts';
import { statusRoutes } from '../../server/operations/routes.ts';
import { sampleReport, sampleRun } from '../../server/operations/testing/sample-report.ts';
import { Appliance } from '../support/appliance.ts';
import { faultsIn } from '../support/axe.ts';
import { launchBrowser, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab, trigger, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { picture } from '../support/picture.ts';
import { connectionTo, platform, post } from '../support/platform.ts';

const IN_TIME = { timeout: 15_000 };

/** Launches so many runs and follows them. */
function nightly() {
  const start = trigger('/launch', []);
  const fan = node('function', {
    name: 'Each',
    func: 'for (const name of msg.payload.names) node.send({ runName: name, pipeline: msg.payload.pipeline }); return null;',
  });
  const launch = node('seqera-workflow-launch', {
    name: 'Launch it',
    seqera: '',
    launchpadName: 'pipeline',
    launchpadNameType: 'msg',
    runName: 'runName',
    runNameType: 'msg',
  });
  const monitor = node('seqera-workflow-monitor', { name: 'Follow it', seqera: '', poll: 1, pollUnits: 'seconds' });
  const poll = node('seqera-workflow-poll', { name: 'New runs', seqera: '', pollFrequency: 5, pollUnits: 'seconds' });
  const wrong = node('function', { name: 'Report', func: "node.error('the sample sheet has no header', msg);" });
  wire(start[0]!, [fan, start[1]!]);
  wire(fan, [launch]);
  wire(launch, [monitor]);
  wire(monitor, [], [], [wrong]);
  return tab([...start, fan, launch, monitor, poll, wrong], 'tab1', 'Nightly');
}

/** Elements that a person operates or looks at and that have no name; and ids that two have. */
const unnamed = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll('a, button, input, select, meter, dialog, section, nav, svg, [role]')];
    const nameless = all.filter((each) => {
      if (each.closest('[aria-hidden="true"]')) return false;
      const labels =
        each instanceof HTMLInputElement || each instanceof HTMLSelectElement || each instanceof HTMLMeterElement;
      const by = each.getAttribute('aria-labelledby');
      const named =
        each.getAttribute('aria-label') ??
        (by ? document.getElementById(by)?.textContent : null) ??
        (labels ? each.labels?.[0]?.textContent : each.textContent);
      return !named?.trim();
    });
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
    const headings = [...document.querySelectorAll('h1, h2, h3')].map(({ tagName }) => Number(tagName[1]));
    const jumps = headings.filter((level, index) => index > 0 && level > (headings[index - 1] ?? 1) + 1);
    return [...nameless.map((each) => each.outerHTML.slice(0, 120)), ...twice, ...jumps.map((level) => `h${level}`)];
  });

/** Text with less contrast to what is behind it than WCAG's level AA asks for. */
const faint = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const light = (color: string): number => {
      const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      for (let each = element; each; each = each.parentElement) {
        const color = getComputedStyle(each).backgroundColor;
        if (channels(color)[3] !== 0) return color;
      }
      return 'rgb(255, 255, 255)';
    };
    return [...document.querySelectorAll('#app *')]
      .filter((each) => [...each.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent?.trim()))
      .flatMap((each) => {
        const [one, two] = [light(getComputedStyle(each).color), light(behind(each))];
        const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        return contrast < 4.5 ? [`${contrast.toFixed(2)} ${each.outerHTML.slice(0, 80)}`] : [];
      });
  });

const overflows = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The same for who reads German; and by a choice on the page, which holds. */
async function inGerman(browser: Browser, address: string): Promise<void> {
  const { page, complaints } = await openPage(browser, 'de-AT');
  await page.goto(address);
  await page.getByText('Der Editor antwortet nicht.').waitFor();
  expect(await faultsIn(page, 'html')).toEqual([]);
  await page.evaluate(() => localStorage.setItem('auth-tokens-editor', '{"access_token":"x"}'));
  await page.goto(address);
  // In Austria's German a space parts thousands.
  await page.getByText(/^1.000 Runs$/).waitFor();
  expect(await page.title()).toBe('Status · Redstart');
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  for (const title of ['Verbindungen', 'Fehlschläge', 'Abfragen', 'Prozess'])
    await page.getByRole('heading', { name: title }).waitFor();
  await page.locator('#flows').getByText('läuft', { exact: true }).first().waitFor();
  // What is left in English would be a word of its own there.
  const english = /\b(?:the|of|since|within|errors?|calls?|follows|last|next)\b/gi;
  expect((await page.locator('#app').innerText()).match(english) ?? []).toEqual([]);
  expect(await faultsIn(page, 'html')).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 780 });
  expect(await overflows(page)).toBe(0);
  expect(await faultsIn(page, 'html')).toEqual([]);

  await page.getByLabel('Sprache').selectOption('English');
  await page.getByText('1,000 runs', { exact: true }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.goto(`${address}?lang=de`);
  await page.getByRole('button', { name: 'Abmelden' }).waitFor();
  expect(complaints).toEqual([]);
  await page.close();
}

describe('the status page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('shows what goes on to who is signed in, as it happens', async () => {
    const simulator = await platform({
      scenario: {
        runs: [{ match: { runName: 'bad' }, end: 'FAILED', errorMessage: 'Process `ALIGN` ran out of memory' }],
      },
    });
    const folder = temporaryFolder();
    await using appliance = await Appliance.start({
      folder,
      flows: {
        'nightly.json': nightly(),
        'off.json': [{ id: 'tab2', type: 'tab', label: 'Resting', disabled: true }],
      },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    const launch = (pipeline: string, ...names: string[]) => appliance.fetch('/api/launch', post({ pipeline, names }));

    // Signed out: a form, one text for a wrong password, and then what the editor takes for signed in, too.
    await page.goto(`${appliance.url}/status`);
    await page.getByLabel('User name').fill(ADMIN.user);
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The user name or the password is wrong.').waitFor();
    expect(await unnamed(page)).toEqual([]);
    expect(await faultsIn(page, 'html')).toEqual([]);
    await page.getByLabel('Password').fill(ADMIN.password);
    await page.keyboard.press('Enter');
    await page.getByText('live', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect(complaints.splice(0).filter((text) => !/status of 403/.test(text))).toEqual([]);

    // What happens is there without anybody asking.
    await launch('rnaseq', 'bad-morning', 'tumor-17', 'tumor-18');
    await launch('sarek', 'germline-4', 'germline-5');
    await page.getByRole('button', { name: 'germline-5' }).waitFor();
    const rows = page.getByRole('row');
    await expect.poll(() => rows.count(), IN_TIME).toBe(6);
    await page.getByRole('row', { name: /germline-5.*running/ }).waitFor();
    await page.getByText('good', { exact: true }).waitFor();
    expect(await unnamed(page)).toEqual([]);
    expect(await faint(page)).toEqual([]);

    // By keyboard: to the search, to a run, into it, and back to where one was.
    await page.keyboard.press('/');
    await page.keyboard.type('sarek 4');
    await expect.poll(() => rows.count(), IN_TIME).toBe(2);
    for (let presses = 0; presses < 10; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await page.locator(':focus').textContent()) === 'germline-4') break;
    }
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'germline-4' });
    await dialog.getByText('is followed').waitFor();
    await dialog.getByText('seqera-workflow-launch, in Nightly · launched it').waitFor();
    expect(await unnamed(page)).toEqual([]);
    expect(await faultsIn(page, 'dialog')).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.locator(':focus').textContent()).toBe('germline-4');
    await page.getByLabel('Search').fill('');
    await page.getByRole('combobox', { name: 'Flow' }).selectOption('Resting');
    await page.getByText('None matches.').waitFor();
    await page.getByRole('combobox', { name: 'Flow' }).selectOption('any');

    // The ends, and their reasons.
    await page.locator('#failures').getByText('Process `ALIGN` ran out of memory').waitFor({ timeout: 30_000 });
    await page.getByText('the sample sheet has no header').waitFor();
    await page.getByText('No run is being followed.').waitFor({ timeout: 30_000 });
    await page.getByRole('combobox', { name: 'Show' }).selectOption('all');
    await page.getByRole('combobox', { name: 'Status' }).selectOption('failed');
    await expect.poll(() => rows.count(), IN_TIME).toBe(2);
    await page.getByRole('combobox', { name: 'Status' }).selectOption('');
    await launch('rnaseq', 'tumor-19', 'tumor-20', 'tumor-21');
    await page.getByRole('row', { name: /tumor-21.*submitted/ }).waitFor();
    await expect.poll(() => rows.count(), IN_TIME).toBe(9);

    // In the dark, and on a telephone.
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(20, 22, 26)');
    expect(await faint(page)).toEqual([]);
    expect(await faultsIn(page, 'html')).toEqual([]);
    await page.setViewportSize({ width: 360, height: 780 });
    expect(await faultsIn(page, 'html')).toEqual([]);
    expect(await overflows(page)).toBe(0);
    await page.getByRole('button', { name: 'bad-morning' }).click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Events' }).waitFor();
    expect(await overflows(page)).toBe(0);
    await page.getByRole('button', { name: 'Close' }).click();

    // Who is signed in here is in the editor; who signs out there is out here.
    const editor = await page.context().newPage();
    await editor.goto(`${appliance.url}/editor/`);
    await editor.waitForSelector('#red-ui-palette .red-ui-palette-node', { timeout: 60_000 });
    await editor.close();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('User name').waitFor();
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);
    await page.goto(`${appliance.url}/status`);
    await page.getByText('live', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await simulator.close();
  });

  it('is quick with a thousand runs, of which many change each second', async () => {
    const report = sampleReport(1000);
    const source = {
      revision: 0,
      report: () => report,
      sections() {
        const { runs: _, ...sections } = report;
        return sections;
      },
      changedSince: () => report.runs.slice(0, 300),
      keys: () => report.runs.map(({ key }) => key),
      detail: () => null,
    };
    const bearers: Bearers = {
      find: () => ({ user: 'ada', role: 'viewer', by: 'password' }),
      watch: () => () => {},
    };
    const routes = statusRoutes({ operations: source, bearers, editorPath: '/editor', tokenUsed() {} });
    const server = createServer((req, res) => {
      const path = req.url?.split('?')[0] ?? '';
      const refusal = path.startsWith('/status') ? routes.handle(req as Request, res, path) : { status: 204 };
      if (refusal) refuse(req, res, refusal);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { page, complaints } = await openPage(browser);
    await page.addInitScript(() => {
      localStorage.setItem('auth-tokens-editor', '{"access_token":"x"}');
      const held = window as unknown as { longest: number };
      held.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) held.longest = Math.max(held.longest, duration);
      }).observe({ type: 'longtask', buffered: true });
    });
    /** The longest that the page was busy at a stretch since this was asked last: tasks under 50 ms count as none. */
    const longest = (): Promise<number> =>
      page.evaluate(() => {
        const held = window as unknown as { longest: number };
        const was = held.longest;
        held.longest = 0;
        return was;
      });
    /** From the keystroke until it is drawn. */
    const typed = (text: string): Promise<number> =>
      page.evaluate(async (value) => {
        const field = document.querySelector<HTMLInputElement>('#search')!;
        const began = performance.now();
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        return performance.now() - began;
      }, text);

    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/status`);
    await page.getByText('1,000 runs', { exact: true }).waitFor();
    const opening = await longest();
    for (let more = 0; more < 9; more += 1) await page.getByRole('button', { name: /^Show .* more/ }).click();
    await expect.poll(() => page.locator('.row').count(), IN_TIME).toBe(1001);
    const all = await longest();
    for (let second = 1; second <= 3; second += 1) {
      const status = `state-${second}`;
      report.runs = report.runs.map((run, index) => (index < 300 ? sampleRun(index, { status }) : run));
      source.revision = second;
      await expect.poll(() => page.getByText(status, { exact: true }).count(), IN_TIME).toBe(301);
    }
    const changing = await longest();
    const search = await typed('nightly-77');
    await expect.poll(() => page.locator('.row').count(), IN_TIME).toBe(12);
    await typed('nightly-97 rnaseq');
    await picture(page, 'status', { size: { width: 1000, height: 660 } });
    await typed('');
    await page.setViewportSize({ width: 360, height: 780 });
    expect(await overflows(page)).toBe(0);
    console.log(JSON.stringify({ opening, all, changing, search: Math.round(search) }));
    // Generous for a machine that does other things; without rows that are kept it takes seconds.
    expect(Math.max(opening, all, changing, search)).toBeLessThan(1000);
    expect(complaints).toEqual([]);
    expect(await faultsIn(page, 'html')).toEqual([]);
    await page.close();
    await inGerman(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`);
    routes.stop();
    server.close();
  });
});
