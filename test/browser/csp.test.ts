import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openDialog, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform } from '../support/platform.ts';

const pack = JSON.parse(readFileSync(join(import.meta.dirname, '../../nodes/package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};
/** The configuration node is not in the palette: its dialog is opened from another node's. */
const OURS = Object.keys(pack['node-red'].nodes).filter((type) => type !== 'seqera-config');

const flows = [
  { id: 'tab1', type: 'tab', label: 'Policy', info: 'A flow\n\n```mermaid\ngraph TD;\n  Launch-->Monitor;\n```\n' },
  { id: 'sub1', type: 'subflow', name: 'Piece', info: '', in: [], out: [] },
  node('function', { id: 'function000001', name: 'Think', func: 'return msg;\n', outputs: 1, libs: [], x: 400, y: 60 }),
];

interface Editor {
  RED: {
    actions: { invoke(name: string): void };
    editor: Record<'editJSON' | 'editMarkdown' | 'editExpression' | 'editText' | 'editBuffer', (o: object) => void>;
  };
}

const action = (page: Page, name: string): Promise<void> =>
  page.evaluate((each) => (window as unknown as Editor).RED.actions.invoke(each), name);

const tray = (page: Page) => page.locator('.red-ui-tray').last();

/** Trays slide in and out, and take no click until they rest: so again until it is gone. */
async function closeTray(page: Page, button = '#node-dialog-cancel'): Promise<void> {
  const top = tray(page).locator(button);
  const handle = await top.elementHandle();
  await expect
    .poll(
      async () => {
        if (await handle?.isVisible()) await handle?.click({ timeout: 1000 }).catch(() => {});
        return (await handle?.evaluate((element) => element.isConnected)) ?? false;
      },
      { timeout: 10_000 },
    )
    .toBe(false);
}

/** Runs a step and names it with what it made the browser complain about. */
type Step = (name: string, run: () => Promise<void>) => Promise<void>;

async function palette(page: Page, step: Step): Promise<void> {
  const inject = page.locator('.red-ui-palette-node[data-palette-type="inject"]');
  const popover = page.locator('.red-ui-popover:has(button[data-redstart-call])');

  await step('the help button of the palette', async () => {
    await inject.hover();
    await popover.locator('button:has(.fa-book)').click();
    await page.locator('.red-ui-sidebar-help-content, .red-ui-help').getByText('Injects a message').first().waitFor();
  });
  await step('the search button of the palette', async () => {
    await page.mouse.move(700, 500);
    await popover.waitFor({ state: 'hidden' });
    await inject.hover();
    await popover.locator('button:has(.fa-search)').click();
    const search = page.locator('.red-ui-search input').first();
    await expect.poll(() => search.inputValue()).toBe('type:inject');
    await page.keyboard.press('Escape');
    await page.locator('.red-ui-search').waitFor({ state: 'hidden' });
  });
  await step('the edit button of a subflow in the palette', async () => {
    await page.locator('.red-ui-palette-node[data-palette-type="subflow:sub1"]').hover();
    await popover.locator('button:has(.fa-pencil)').click();
    await page.locator('.red-ui-tab.active:has-text("Piece")').waitFor();
    await page.locator('.red-ui-tab:has-text("Policy") a').first().click();
    await page.locator('.red-ui-tab.active:has-text("Policy")').waitFor();
  });
}

async function addFromPalette(page: Page, type: string, y: number): Promise<void> {
  const source = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await source.scrollIntoViewIfNeeded();
  const box = await source.boundingBox();
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox();
  if (!box || !chart) throw new Error(`${type} is not in the palette`);
  const before = await page.locator('.red-ui-flow-node-group').count();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(chart.x + 60, chart.y + y - 10, { steps: 6 });
  await page.mouse.move(chart.x + 100, chart.y + y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => page.locator('.red-ui-flow-node-group').count()).toBe(before + 1);
}

async function dialogs(page: Page, step: Step): Promise<void> {
  const offered = await page
    .locator('.red-ui-palette-node:is([data-palette-type^="seqera-"], [data-palette-type^="redstart-"])')
    .evaluateAll((nodes) => nodes.map((each) => each.getAttribute('data-palette-type') ?? ''));
  expect(offered.sort()).toEqual(OURS.sort());
  for (const [index, type] of offered.entries()) {
    await step(`the dialog of ${type}`, async () => {
      await addFromPalette(page, type, 120 + 50 * index);
      await openDialog(page, '.red-ui-flow-node-selected');
      expect(await tray(page).locator('.form-row:visible').count()).toBeGreaterThan(1);
      if (type !== 'seqera-workflow-launch') return closeTray(page);
      await tray(page).locator('#node-input-btn-seqera-add').click();
      await page.locator('#node-config-input-baseUrl').waitFor({ state: 'attached' });
      await closeTray(page, '#node-config-dialog-cancel');
      return closeTray(page);
    });
  }
}

async function codeEditors(page: Page, step: Step): Promise<void> {
  await step("the function node's editor, with the worker that checks what is typed", async () => {
    await openDialog(page, '[id="function000001"]');
    const editor = tray(page).locator('#node-input-func-editor .monaco-editor').first();
    await editor.waitFor();
    await editor.click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('const broken = ;\n');
    await tray(page).locator('.squiggly-error').first().waitFor({ timeout: 20_000 });
    await page.keyboard.type('node.');
    await page
      .locator('.suggest-widget.visible')
      .getByText('warn', { exact: true })
      .first()
      .waitFor({ timeout: 20_000 });
    expect(
      page
        .workers()
        .map((worker) => worker.url())
        .join(),
    ).toContain('/vendor/monaco/');
    await page.keyboard.press('Escape');
    await closeTray(page);
  });

  const samples = {
    editJSON: '{"a": 1}',
    editMarkdown: '# Title\n\n```mermaid\ngraph TD; A-->B;\n```\n',
    editExpression: 'payload & "!"',
    editText: 'text',
    editBuffer: '[1,2,3]',
  } as const;
  for (const [name, value] of Object.entries(samples)) {
    await step(`the editor ${name}`, async () => {
      await page.evaluate(
        ([method, text]) => {
          const { editor } = (window as unknown as Editor).RED;
          editor[method as keyof typeof editor]({ value: text, complete() {}, cancel() {} });
        },
        [name, value] as const,
      );
      await tray(page).locator('.monaco-editor .view-line').first().waitFor();
      if (name === 'editJSON') {
        await tray(page).locator('.monaco-editor').click();
        await page.keyboard.press('Control+End');
        await page.keyboard.type(' oops');
        await tray(page).locator('.squiggly-error').first().waitFor({ timeout: 20_000 });
        await page.keyboard.press('Control+A');
        await page.keyboard.type('{"b": [1, 2]}');
        await tray(page).locator('.red-ui-tab:has-text("Visual")').click();
        await tray(page).locator('.red-ui-editor-type-json-tab-visual-node, .red-ui-treeList').first().waitFor();
      }
      await closeTray(page);
    });
  }
}

async function importAndExport(page: Page, step: Step): Promise<void> {
  await step('importing from the clipboard', async () => {
    await action(page, 'core:show-import-dialog');
    const text = JSON.stringify([{ id: 'a', type: 'comment', name: 'Imported', wires: [] }]);
    await page.locator('#red-ui-clipboard-dialog-import-text').fill(text);
    // The dialog looks at what was typed when a key is let go.
    await page.locator('#red-ui-clipboard-dialog-import-text').press('End');
    await page.locator('#red-ui-clipboard-dialog-ok').click();
    await page.locator('#red-ui-clipboard-dialog-import-text').waitFor({ state: 'hidden' });
    await page.mouse.move(900, 500);
    await page.mouse.click(900, 500);
    await page.locator('#red-ui-workspace-chart .red-ui-flow-node-label:has-text("Imported")').waitFor();
  });
  await step('the examples to import', async () => {
    await action(page, 'core:show-import-dialog');
    await page.locator('.red-ui-clipboard-dialog-tabs, .ui-dialog').getByText('Examples').first().click();
    await page.locator('#red-ui-clipboard-dialog-import-tab-examples .red-ui-treeList-label').first().waitFor();
    await page.locator('#red-ui-clipboard-dialog-cancel').click();
  });
  await step('exporting, as text and as a file', async () => {
    await action(page, 'core:show-export-dialog');
    await page.locator('#red-ui-clipboard-dialog-export-rng-flow').click();
    await page
      .locator('#red-ui-clipboard-dialog-export-tab-clipboard-tab .red-ui-tab, .ui-dialog .red-ui-tab')
      .getByText('JSON')
      .first()
      .click();
    await expect.poll(() => page.locator('#red-ui-clipboard-dialog-export-text').inputValue()).toContain('"function"');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#red-ui-clipboard-dialog-download').click(),
    ]);
    expect(download.suggestedFilename()).toBe('flows.json');
  });
}

async function sidebars(page: Page, step: Step): Promise<void> {
  await step("the flow's description with a mermaid diagram", async () => {
    await page.locator('.red-ui-tab.active:has-text("Policy")').dblclick();
    await tray(page).locator('.form-row').first().waitFor();
    await closeTray(page);
    await page.mouse.click(1000, 700);
    await action(page, 'core:show-info-tab');
    await page.locator('.red-ui-sidebar-info svg[id^="mermaid"]').first().waitFor({ timeout: 20_000 });
  });
  await step('about, and its tour', async () => {
    await action(page, 'core:show-about');
    await page.locator('.red-ui-help button:has-text("tour")').click();
    const popover = page.locator('.red-ui-tourGuide-popover').first();
    // Until it has the focus it is still being placed, and a tour that ends meanwhile fails in a timer.
    await popover.locator('button:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.red-ui-tourGuide-popover').first().waitFor({ state: 'detached' });
  });
  await step('the user settings, every page of them', async () => {
    await action(page, 'core:show-user-settings');
    const tabs = tray(page).locator('.red-ui-tabs li a.red-ui-tab-label');
    await tabs.first().waitFor();
    const count = await tabs.count();
    expect(count).toBeGreaterThan(1);
    for (let i = 0; i < count; i += 1) await tabs.nth(i).click();
    const saved = page.waitForResponse(
      (answer) => answer.url().endsWith('/settings/user') && answer.request().method() === 'POST',
    );
    await closeTray(page, '#node-dialog-ok');
    expect((await saved).status()).toBe(204);
  });
  await step('the debug messages, in a window of their own', async () => {
    await action(page, 'core:show-debug-tab');
    const [popUp] = await Promise.all([page.waitForEvent('popup'), page.locator('#red-ui-sidebar-debug-open').click()]);
    await popUp
      .locator('.red-ui-debug-window, .red-ui-sidebar-debug, .red-ui-debug-content')
      .first()
      .waitFor({ state: 'attached' });
    await popUp.close();
  });
}

/** What was drawn where flows are read-only is not lost: it can be had as a patch. */
async function refusedDeploy(page: Page, folder: string): Promise<void> {
  await page.click('#red-ui-header-button-deploy');
  // Nodes from the palette have no pipeline yet.
  await page.getByRole('button', { name: 'Confirm deploy' }).click();
  const notice = page.locator('.red-ui-notification', { hasText: 'Your change was not deployed' });
  await notice.waitFor();
  expect(await notice.textContent()).toMatch(/touches \d+ file/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    notice.getByRole('button', { name: 'Download patch' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('flows.patch');
  const patch = join(folder, 'flows.patch');
  await download.saveAs(patch);
  // Good for what it is meant for, and there is what was drawn.
  const inFlows = { cwd: join(folder, 'flows'), encoding: 'utf8' as const };
  execFileSync('git', ['apply', '--check', patch], inFlows);
  execFileSync('git', ['apply', patch], inFlows);
  expect(readFileSync(join(folder, 'flows', 'policy.json'), 'utf8')).toContain('"seqera-workflow-launch"');
}

describe.each([
  ['off', 'editable'],
  ['self-signed', 'readonly'],
])("the editor's content security policy, TLS %s, flows %s", (tls, mode) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('is broken by nothing that the editor does', async () => {
    const simulator = await platform();
    const folder = temporaryFolder();
    await using appliance = Appliance.launch({
      folder,
      flows: { 'policy.json': flows },
      env: { ...connectionTo(simulator, folder), ...withEditor, REDSTART_TLS: tls, REDSTART_FLOWS_MODE: mode },
    });
    await appliance.until(() => appliance.lines.some(({ msg }) => msg === 'ready'), 'the word that it is ready');
    expect(appliance.url).toMatch(tls === 'off' ? /^http:/ : /^https:/);

    const { page, complaints } = await openPage(browser);
    page.setDefaultTimeout(10_000);
    const found: Record<string, string[]> = {};
    const step: Step = async (name, run) => {
      await run().catch((error: unknown) => {
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
      if (complaints.length > 0) found[name] = complaints.splice(0);
    };

    await step('signing in', () => signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password));
    await palette(page, step);
    await dialogs(page, step);
    await codeEditors(page, step);
    await importAndExport(page, step);
    await sidebars(page, step);
    if (mode === 'readonly') {
      await step('a deploy that is refused', () => refusedDeploy(page, folder));
      // That refusal is an error to the browser.
      expect(found['a deploy that is refused']).toEqual([expect.stringContaining('status of 403')]);
      delete found['a deploy that is refused'];
    }
    await step('loading the page again, signed in', async () => {
      page.once('dialog', (dialog) => dialog.accept());
      await page.reload();
      await page.locator('#red-ui-workspace-chart .red-ui-flow-node-label:has-text("Think")').waitFor();
    });
    expect(found).toEqual({});
    expect(await appliance.stop()).toBe(0);
    await simulator.close();
  });
});
