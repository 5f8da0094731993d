// Whether everybody can use the console: axe-core's rules for WCAG 2.1 AA on every view, light and
// dark, on a desktop and on 360 pixels, and a walk with nothing but the keyboard.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { plant } from './sample.mjs';
import { DESKTOP, openPage, PHONE, Server, signIn, startBrowser, waitUntil } from './support.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let server;
let browser;
let shells;

before(async () => {
  server = await Server.start();
  browser = await startBrowser();
  shells = await plant(server.connectString);
});
after(async () => {
  for (const shell of shells ?? []) await shell.close();
  await browser?.close();
  await server?.close();
});

async function violations(page) {
  await page.evaluate(AXE); // by the debugger, so the page's own policy stays as it is
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  return found.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
}

const settled = (page) => page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));

const STATES = [
  ['ensemble', '#/ensemble'],
  ['tree', '#/tree/services/flags'],
  ['hex', '#/tree/services/flags', (page) => page.getByLabel('Hex', { exact: true }).check({ force: true })],
  ['acl', '#/tree/services/billing?tab=acl'],
  ['acl editor', '#/tree/services/billing?tab=acl', async (page) => {
    await page.getByRole('button', { name: 'Edit ACL' }).click();
    await page.getByRole('button', { name: 'Add an entry' }).click();
    await page.getByRole('button', { name: 'Make from a password' }).click();
  }],
  ['editor', '#/tree/services/billing', (page) => page.getByRole('button', { name: 'Edit', exact: true }).click()],
  ['queue', '#/tree/locks/nightly-report?tab=holders'],
  ['history', '#/tree/services/flags?tab=history'],
  ['create', '#/tree/services', (page) => page.getByRole('button', { name: 'New child' }).click()],
  ['delete', '#/tree/services', (page) => page.getByRole('button', { name: 'Delete' }).click()],
  ['keyboard sheet', '#/ensemble', (page) => page.keyboard.press('?')],
  ['sessions', '#/sessions'],
  ['session', '#/sessions', (page) => page.locator('table.sessions a').first().click()],
  ['activity', '#/activity'],
];

for (const [size, viewport] of [['desktop', DESKTOP], ['360 px', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`no view breaks a rule: ${size}, ${colorScheme}`, async () => {
      const page = await openPage(browser, server.url, { viewport, colorScheme });
      const dialog = await signIn(page, 'ada', 'byron');
      await dialog.getByText('No ACL in this tree').waitFor();
      assert.deepEqual(await violations(page), [], 'sign in');
      await dialog.getByLabel('Password').fill('lovelace');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      for (const [name, hash, act] of STATES) {
        await page.goto(`${server.url}${hash}`);
        await settled(page);
        await act?.(page);
        await settled(page);
        assert.deepEqual(await violations(page), [], name);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= viewport.width, `${name} is ${width} px wide`);
        if (await page.getByRole('dialog').count()) await page.keyboard.press('Escape');
      }
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
}

describe('the keyboard alone', () => {
  test('finds a node, edits it, makes a child and deletes it', async () => {
    const page = await openPage(browser, server.url);
    const { keyboard } = page;
    const focusIs = (what) =>
      waitUntil(() => page.evaluate((text) => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').includes(text), what), `focus on ${what}`);
    // Whatever has the focus shows it.
    const focusIsSeen = async () =>
      assert.notEqual(
        await page.evaluate(() => {
          const at = document.activeElement;
          const style = getComputedStyle(at.closest('.segmented') ?? at);
          return `${style.outlineStyle} ${style.outlineWidth}`;
        }),
        'none 0px',
      );

    await keyboard.press('Tab');
    await focusIs('To the content');
    await focusIsSeen();
    await keyboard.press('i');
    await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
    await keyboard.type('ada');
    await keyboard.press('Tab');
    await keyboard.type('lovelace');
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await keyboard.press('g');
    await keyboard.press('t');
    await page.getByRole('treeitem', { name: /^services/ }).waitFor();
    // One stop of the tab key is the tree.
    for (let i = 0; i < 30; i++) {
      await keyboard.press('Tab');
      await focusIsSeen();
      if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'treeitem')) break;
    }
    await focusIs('/');
    await keyboard.type('s'); // secrets
    await keyboard.press('ArrowDown'); // services
    await focusIs('services');
    await keyboard.press('ArrowRight');
    await page.getByRole('treeitem', { name: 'billing', exact: true }).waitFor();
    await keyboard.press('ArrowRight');
    await focusIs('billing');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Node /services/billing', exact: true }).waitFor();

    await page.locator('pre.data').waitFor();
    await keyboard.press('e');
    await page.getByRole('textbox', { name: 'Data of /services/billing' }).waitFor();
    await keyboard.press('Control+A');
    await keyboard.type('owner=keyboard');
    await keyboard.press('Control+Enter');
    await page.getByText('Saved /services/billing').waitFor();

    await keyboard.press('n');
    await page.getByRole('dialog', { name: 'New child of /services/billing' }).waitFor();
    await keyboard.type('by-hand');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: '/services/billing/by-hand' }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.locator('button.danger:enabled').waitFor(); // what is deleted has been read first
    await keyboard.press('Delete');
    await page.getByRole('dialog', { name: 'Delete a node' }).waitFor();
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await page.getByText('Deleted /services/billing/by-hand').waitFor();
    await page.getByRole('heading', { name: 'Node /services/billing', exact: true }).waitFor();

    await keyboard.press('t');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });
});
