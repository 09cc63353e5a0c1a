import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { DIALOG, faultsIn, TRAPS } from '../support/axe.ts';
import { launchBrowser, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform } from '../support/platform.ts';

/** Pictures are left here, when it is set. */
const SHOTS = process.env.REDSTART_SHOTS;

const pack = join(import.meta.dirname, '../../nodes');
const json = (...path: string[]) => JSON.parse(readFileSync(join(pack, ...path), 'utf8')) as Record<string, unknown>;
const TYPES = Object.keys((json('package.json')['node-red'] as { nodes: object }).nodes).filter(
  (type) => type !== 'seqera-config',
);
const idOf = (type: string): string => type.replaceAll('-', '').padEnd(16, '0').slice(0, 40);

/** The dialog's labels, of the catalogue of a language. */
function labelsOf(type: string, language: string): string[] {
  const { fields } = json(type, 'locales', language, `${type}.json`) as { fields: Record<string, { label?: string }> };
  return Object.values(fields).flatMap(({ label }) => label ?? []);
}

interface Editor {
  RED: {
    editor: { edit(node: object): void; editConfig(name: string, type: string, id: string): void };
    nodes: { node(id: string): object };
    sidebar: { help: { show(type: string): void } };
  };
}

async function open(page: Page, type: string): Promise<void> {
  await page.evaluate((id) => {
    const { RED } = window as unknown as Editor;
    RED.editor.edit(RED.nodes.node(id));
  }, idOf(type));
  await page.waitForSelector(DIALOG);
  await page.waitForFunction(() => document.activeElement?.closest('.red-ui-tray') !== null);
  await page.evaluate((dialog) => {
    for (const more of document.querySelectorAll<HTMLDetailsElement>(`${dialog} details`)) more.open = true;
  }, DIALOG);
}

async function close(page: Page): Promise<void> {
  await page.click('#node-dialog-cancel');
  await page.waitForSelector(DIALOG, { state: 'detached' });
}

const shared = (language: string) =>
  (
    json('seqera-config', 'locales', language, 'seqera-config.json') as {
      shared: Record<string, Record<string, string>>;
    }
  ).shared;

/** Required, wrong, asked for, found, not found: told to who does not see it. */
async function statesOf(page: Page, language: string): Promise<void> {
  const { problems, suggest, params } = shared(language);
  const { fields } = json('seqera-datalink-list', 'locales', language, 'seqera-datalink-list.json') as {
    fields: Record<string, { label: string }>;
  };
  await open(page, 'seqera-datalink-list');
  const dataLink = page.getByRole('combobox', { name: fields.dataLinkName?.label ?? '' });
  const described = (name: string) => page.locator(`#node-input-${name}-hint`);
  expect(await dataLink.getAttribute('aria-required')).toBe('true');
  expect(await dataLink.getAttribute('aria-invalid')).toBe('true');
  expect(await dataLink.getAttribute('aria-describedby')).toBe('node-input-dataLinkName-hint');
  const needed = problems?.required?.replace('__name__', fields.dataLinkName?.label ?? '') ?? '';
  expect(await described('dataLinkName').textContent()).toBe(needed);
  expect(await described('dataLinkName').getAttribute('aria-live')).toBe('polite');
  // The buttons that Node-RED makes say of which field they are.
  expect(
    await page.getByRole('button', { name: new RegExp(`^${fields.dataLinkName?.label}`) }).count(),
  ).toBeGreaterThan(0);
  const said = page.locator('#seqera-announcements[role=status]');
  await dataLink.focus();
  await dataLink.fill('nothing-is-named-so');
  await expect.poll(() => said.textContent()).toBe(suggest?.nothingFor?.replace('__term__', 'nothing-is-named-so'));
  await dataLink.fill('reads');
  await expect.poll(() => said.textContent()).toMatch(new RegExp(`^${suggest?.found?.replace('__number__', '\\d+')}$`));
  expect(await faultsIn(page, '.seqera-popup')).toEqual([]);
  await page.keyboard.press('Enter');
  await expect.poll(() => dataLink.getAttribute('aria-invalid')).toBe('false');
  const pattern = page.getByLabel(fields.pattern?.label ?? '', { exact: true }).last();
  await page.locator('#node-input-pattern-text').fill('(');
  await page.keyboard.press('Tab');
  await expect
    .poll(() => described('pattern').textContent())
    .toContain(problems?.pattern?.replace('__reason__', '') ?? '?');
  expect(await pattern.count()).toBe(1);
  expect(await page.locator('#node-input-pattern-text').getAttribute('aria-invalid')).toBe('true');
  expect(await faultsIn(page, DIALOG, TRAPS)).toEqual([]);
  await close(page);

  await open(page, 'seqera-workflow-launch');
  await page.locator(`${DIALOG} .red-ui-editableList-addButton`).click();
  await page.getByRole('textbox', { name: `${params?.value} 1` }).waitFor();
  await page.getByRole('button', { name: params?.remove?.replace('__number__', '1') ?? '?' }).waitFor();
  expect(await faultsIn(page, DIALOG, TRAPS)).toEqual([]);
  await close(page);
}

/** The dialog of a connection, and what a check of it says. */
async function connectionOf(page: Page, language: string): Promise<void> {
  const texts = json('seqera-config', 'locales', language, 'seqera-config.json') as { check: Record<string, string> };
  const { fields, errors, problems } = shared(language) as unknown as {
    fields: Record<string, { label: string }>;
    errors: Record<string, string>;
    problems: Record<string, string>;
  };
  await open(page, 'seqera-api');
  await page.getByRole('button', { name: shared(language).connection?.add ?? '?' }).click();
  const address = page.locator('#node-config-input-baseUrl');
  await address.waitFor();
  expect(await page.locator('label[for=node-config-input-baseUrl]').textContent()).toBe(fields.baseUrl?.label);
  expect(await faultsIn(page, '#node-config-dialog-edit-form', TRAPS)).toEqual([]);
  await address.fill('nowhere');
  await page.keyboard.press('Tab');
  await expect.poll(() => address.getAttribute('aria-invalid')).toBe('true');
  await page.getByText(problems.baseUrl ?? '?').waitFor();
  await address.fill('http://127.0.0.1:9');
  await page.locator('#node-config-input-token').fill('a-token-of-nobody');
  await page.getByRole('button', { name: texts.check.button ?? '?' }).click();
  // In the user's language what it is; what the server said stands in it.
  const lead = (errors.SEQERA_UNREACHABLE ?? '').split('__message__')[0] ?? '';
  await page.locator('#seqera-config-check-result[role=status]').getByText(`${lead}`).first().waitFor();
  await expect.poll(() => page.locator('#seqera-config-check-result').textContent()).toContain('SEQERA_UNREACHABLE');
  expect(await faultsIn(page, '#node-config-dialog-edit-form', TRAPS)).toEqual([]);
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `${language}-seqera-config.png`) });
  await page.click('#node-config-dialog-cancel');
  await page.waitForSelector('#node-config-dialog-edit-form', { state: 'detached' });
  await close(page);
}

async function helpOf(page: Page, language: string): Promise<void> {
  const html = readFileSync(
    join(pack, 'seqera-workflow-launch/locales', language, 'seqera-workflow-launch.html'),
    'utf8',
  );
  const [, first = '?'] = /<p>(.*?)<\/p>/.exec(html) ?? [];
  await page.evaluate(() => (window as unknown as Editor).RED.sidebar.help.show('seqera-workflow-launch'));
  await page.locator('.red-ui-sidebar-help-content, .red-ui-help').getByText(first).first().waitFor();
}

describe('the dialogs for everybody', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('have names, contrast and states, in each language', async () => {
    const simulator = await platform();
    const folder = temporaryFolder();
    const nodes = TYPES.map((type, index) => node(type, { id: idOf(type), seqera: '', x: 200, y: 60 + 60 * index }));
    await using appliance = await Appliance.start({
      folder,
      flows: { 'all.json': tab(nodes) },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    // English in every dialog: the test of the keyboard, which opens them all.
    await dialogsIn(appliance, 'en-US', 'en-US', []);
    // What a browser in Austria says: its language has a catalogue, the country has none.
    await dialogsIn(appliance, 'de', 'de-AT', TYPES);
    await simulator.close();
  });

  async function dialogsIn(
    appliance: Appliance,
    language: string,
    locale: string,
    types: readonly string[],
  ): Promise<void> {
    const { page, complaints } = await openPage(browser, locale);
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);
    const faults: Record<string, string[]> = {};
    for (const type of types) {
      const texts = json(type, 'locales', language, `${type}.json`) as { paletteLabel: string };
      const inPalette = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
      await inPalette.waitFor({ state: 'attached' });
      expect(((await inPalette.textContent()) ?? '').replace(/\s+/g, ' ').trim()).toBe(texts.paletteLabel);
      await open(page, type);
      const found = await faultsIn(page, DIALOG, TRAPS);
      if (found.length > 0) faults[`${type} in ${language}`] = found;
      const labels = await page.locator(`${DIALOG} :is(label, .seqera-label)`).allTextContents();
      expect(labels).toEqual(expect.arrayContaining(labelsOf(type, language)));
      if (SHOTS) await page.screenshot({ path: join(SHOTS, `${language}-${type}.png`) });
      await close(page);
    }
    expect(faults).toEqual({});
    await statesOf(page, language);
    await connectionOf(page, language);
    await helpOf(page, language);
    // The check that had to fail.
    expect(complaints.filter((text) => !/status of 502 .*identity/.test(text))).toEqual([]);
    await page.context().close();
  }
});
