// What an operator does with the console, done in Chromium against a real server: looking around,
// signing in, creating, editing, granting, deleting, and living through a restart.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';
import { plant } from './sample.mjs';
import { openPage, Server, Shell, signIn, startBrowser, waitUntil, work } from './support.mjs';

const ADA = `Basic ${Buffer.from('ada:lovelace').toString('base64')}`;
let server;
let browser;
let shells;
let page;

// What the server holds, asked behind the page's back.
async function held(path) {
  const answer = await fetch(`${server.url}api/node?path=${encodeURIComponent(path)}`, { headers: { Authorization: ADA } });
  if (answer.status === 404) return null;
  const node = await answer.json();
  return { ...node, text: Buffer.from(node.data, 'base64').toString() };
}

const at = (hash) => page.goto(`${server.url}${hash}`);
const shown = (locator) => locator.waitFor({ state: 'visible' });
const heading = (path) => page.getByRole('heading', { level: 1, name: `Node ${path}`, exact: true });

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
beforeEach(async () => {
  page = await openPage(browser, server.url);
});
afterEach(async () => {
  assert.deepEqual(page.complaints, [], 'the console of the browser is clean');
  await page.context().close();
});

describe('looking around', () => {
  test('the root of the admin port leads to the console', async () => {
    await page.goto(server.url.replace('/console/', '/'));
    await shown(page.getByRole('heading', { level: 1, name: 'Server' }));
    assert.match(page.url(), /\/console\/$/);
  });

  test('a node is reached through the tree, and its data is shown as it is best read', async () => {
    await page.getByRole('link', { name: 'Tree' }).click();
    await page.getByRole('treeitem', { name: /^services/ }).locator('.twist').click();
    await page.getByRole('treeitem', { name: 'flags', exact: true }).click();
    await shown(heading('/services/flags'));
    const data = page.locator('pre.data');
    assert.match(await data.innerText(), /"timeout_ms": 350/);
    await page.getByLabel('Text', { exact: true }).check({ force: true });
    assert.match(await data.innerText(), /^\{"checkout"/);
    await page.getByLabel('Hex', { exact: true }).check({ force: true });
    assert.match(await data.innerText(), /^00000000 {2}7b 22 63 68/);
    assert.match(await page.getByRole('region', { name: 'Stat' }).innerText(), /version\s+2/);
  });

  test('search finds names and data', async () => {
    await at('#/tree');
    const field = page.getByLabel('Search the tree');
    await field.fill('node-2');
    await shown(page.getByRole('link', { name: '/services/search/members/node-2' }));
    await page.getByRole('radio', { name: 'Data' }).check({ force: true });
    await field.fill('payments');
    await shown(page.getByRole('link', { name: '/services/billing' }));
    await page.getByRole('link', { name: '/services/billing' }).click();
    await shown(heading('/services/billing'));
  });

  test('a link leads to any node, whatever its name', async () => {
    const name = '50% of <b>a#b?c & ü';
    const shell = shells[0];
    await shell.do(`create "/services/${name}" "<img src=x onerror=document.title=1>"`);
    await at(`#/tree/services/${encodeURIComponent(name)}`);
    await shown(heading(`/services/${name}`));
    assert.equal(await page.locator('pre.data').innerText(), '<img src=x onerror=document.title=1>');
    assert.equal(await page.locator('.view img, .crumbs b').count(), 0, 'nothing of it is taken for markup');
  });

  test('what only others may read says so, and how to get there', async () => {
    page.complaints.length = 0;
    await page.context().close();
    page = await openPage(browser, `${server.url}#/tree/secrets/token`, { expected: [403] });
    await shown(page.getByText('NOAUTH'));
    await page.getByRole('button', { name: 'Sign in as somebody who may' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByLabel('User').fill('ada');
    await dialog.getByLabel('Password').fill('lovelace');
    await page.keyboard.press('Enter');
    await shown(page.getByText('s3cr3t'));
  });

  test('sessions show what they hold and watch', async () => {
    await at('#/sessions');
    assert.ok((await page.locator('table.sessions tbody tr').count()) >= 0);
    await page.locator('table.sessions tbody tr').nth(2).waitFor();
    await at('#/tree/locks/nightly-report/lock-0000000000');
    await page.getByRole('region', { name: 'Stat' }).getByRole('link').click();
    const detail = page.locator('.split-detail');
    await shown(detail.getByRole('link', { name: '/locks/nightly-report/lock-0000000000' }));
    await shown(detail.getByRole('link', { name: '/services/search/members/node-1' }));
    await shown(detail.getByRole('link', { name: '/services/flags' }));
  });

  test('the queue of a lock stands in order, and moves up when its holder goes', async () => {
    const holder = new Shell(server.connectString);
    await holder.do('create /locks/moving', 'create -e -s /locks/moving/lock- a');
    await shells[1].do('create -e -s /locks/moving/lock- b');
    await at('#/tree/locks/moving?tab=holders');
    const places = page.locator('.queue li');
    await waitUntil(async () => (await places.count()) === 2, 'two contenders');
    assert.match(await places.nth(0).innerText(), /holds it[^]*lock-0000000000/);
    assert.match(await places.nth(1).innerText(), /waits, 1 before[^]*lock-0000000001/);
    await holder.close();
    await waitUntil(async () => (await places.count()) === 1, 'the queue moves up');
    assert.match(await places.nth(0).innerText(), /holds it[^]*lock-0000000001/);
  });
});

describe('signing in', () => {
  test('a wrong password is told, and is not signed in', async () => {
    const dialog = await signIn(page, 'ada', 'byron');
    await shown(dialog.getByText('No ACL in this tree names ada with this password.'));
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await shown(page.getByRole('button', { name: 'Sign in' }));
    const again = await signIn(page, 'ada', 'lovelace');
    await again.waitFor({ state: 'detached' });
    await shown(page.getByRole('button', { name: 'ada' }));
  });

  test('the identity goes with the page, unless it is kept for the tab', async () => {
    await (await signIn(page, 'ada', 'lovelace')).waitFor({ state: 'detached' });
    await page.reload();
    await shown(page.getByRole('button', { name: 'Sign in' }));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel(/Until this tab is closed/).check();
    await page.getByLabel('User').fill('ada');
    await page.getByLabel('Password').fill('lovelace');
    await page.keyboard.press('Enter');
    await shown(page.getByRole('button', { name: 'ada' }));
    await page.reload();
    await page.getByRole('button', { name: 'ada' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.reload();
    await shown(page.getByRole('button', { name: 'Sign in' }));
    assert.deepEqual(await page.context().cookies(), []);
  });
});

describe('changing the tree', () => {
  test('create, edit, grant, delete', async () => {
    await at('#/tree/services');
    await page.getByRole('button', { name: 'New child' }).click();
    // Read-only: first it asks who wants to.
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByLabel('User').fill('ada');
    await dialog.getByLabel('Password').fill('lovelace');
    await page.keyboard.press('Enter');

    const create = page.getByRole('dialog', { name: 'New child of /services' });
    await create.getByRole('textbox', { name: 'Name' }).fill('orders');
    await create.getByRole('textbox', { name: 'Data' }).fill('{"limit": 10}');
    await create.getByRole('combobox', { name: 'ACL' }).selectOption('mine');
    await create.getByRole('button', { name: 'Create' }).click();
    await shown(heading('/services/orders'));
    const made = await held('/services/orders');
    assert.equal(made.text, '{"limit": 10}');
    assert.equal(made.acl.length, 1);
    assert.equal(made.acl[0].scheme, 'digest');
    assert.match(made.acl[0].id, /^ada:/);

    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const editor = page.getByRole('textbox', { name: 'Data of /services/orders' });
    await editor.fill('{"limit": ');
    await page.getByRole('button', { name: 'Save' }).click();
    await shown(page.getByText(/^No JSON:/));
    await editor.fill('{"limit": 20}');
    await page.getByRole('button', { name: 'Save' }).click();
    await waitUntil(async () => (await held('/services/orders')).text === '{"limit": 20}', 'the data is saved');
    assert.equal((await held('/services/orders')).stat.version, 1);

    await page.getByRole('tab', { name: 'ACL' }).click();
    await page.getByRole('button', { name: 'Edit ACL' }).click();
    await page.getByRole('button', { name: 'Add an entry' }).click();
    await page.getByRole('button', { name: 'Make from a password' }).last().click();
    await page.locator('.hash-maker').getByLabel('User').fill('bob');
    await page.locator('.hash-maker').getByLabel('Password').fill('builder');
    await page.getByRole('button', { name: 'Make the id' }).click();
    const second = page.getByRole('group', { name: 'Entry 2' });
    await second.getByLabel('write').check();
    await page.getByRole('button', { name: 'Save ACL' }).click();
    await shown(page.getByRole('cell', { name: /^bob:/ }));
    const hash = createHash('sha1').update('bob:builder').digest('base64');
    const granted = (await held('/services/orders')).acl[1];
    assert.deepEqual([granted.scheme, granted.id, [...granted.perms].sort().join('')], ['digest', `bob:${hash}`, 'rw']);

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await shown(heading('/services'));
    assert.equal(await held('/services/orders'), null);
    await waitUntil(async () => (await page.getByRole('treeitem', { name: 'orders' }).count()) === 0, 'it leaves the tree');
  });

  test('containers, and nodes with a time to live', async () => {
    await at('#/tree/services');
    await (await signIn(page, 'ada', 'lovelace')).waitFor({ state: 'detached' });
    const create = async (name, kind, more) => {
      await page.getByRole('button', { name: 'New child' }).click();
      const dialog = page.getByRole('dialog', { name: 'New child of /services' });
      await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
      await dialog.getByLabel(kind, { exact: true }).check({ force: true });
      await more?.(dialog);
      await dialog.getByRole('button', { name: 'Create' }).click();
      await shown(heading(`/services/${name}`));
      await at('#/tree/services');
    };
    await create('pool', 'Container', async (dialog) => {
      assert.equal(await dialog.getByLabel(/^Sequential/).count(), 0, 'there are no sequential containers');
    });
    assert.equal((await held('/services/pool')).kind, 'container');
    await create('lease', 'TTL', async (dialog) => {
      await dialog.getByLabel('Seconds to live').fill('0');
      await dialog.getByRole('button', { name: 'Create' }).click();
      assert.equal(await dialog.locator('input:invalid').count(), 1, 'no time is no time to live');
      await dialog.getByLabel('Seconds to live').fill('90');
    });
    const lease = await held('/services/lease');
    assert.deepEqual([lease.kind, lease.ttl_ms], ['ttl', 90_000]);
    await at('#/tree/services/lease');
    await shown(page.getByText(/after it changed/));
  });

  test('children beyond the first two hundred come when they are asked for', async () => {
    const names = Array.from({ length: 450 }, (_, i) => `n${String(i).padStart(3, '0')}`);
    await shells[0].do('create /many', ...names.map((name) => `create /many/${name} x`));
    await at('#/tree/many');
    const item = (name) => page.getByRole('treeitem', { name, exact: true });
    await page.getByRole('treeitem', { name: /^many/ }).locator('.twist').click();
    await shown(item('n199'));
    assert.equal(await item('n200').count(), 0);
    assert.equal(await item('n199').getAttribute('aria-setsize'), '450');
    await page.getByRole('treeitem', { name: '250 more…' }).click();
    await shown(item('n399'));
    await page.getByRole('treeitem', { name: '50 more…' }).click();
    await shown(item('n449'));
    assert.equal(await page.getByRole('treeitem', { name: /more…$/ }).count(), 0);
    assert.equal(await page.getByRole('treeitem', { name: /^n\d{3}$/ }).count(), 450);
  });

  test('a subtree goes only when its name or its count is typed', async () => {
    await shells[0].do('create /doomed', ...Array.from({ length: 5 }, (_, i) => `create /doomed/n${i} x`));
    await at('#/tree/doomed');
    await (await signIn(page, 'ada', 'lovelace')).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete a subtree' });
    const button = dialog.getByRole('button', { name: 'Delete 6 nodes' });
    await shown(button);
    assert.ok(await button.isDisabled());
    await dialog.getByRole('textbox').fill('doom');
    assert.ok(await button.isDisabled());
    await dialog.getByRole('textbox').fill('doomed');
    await button.click();
    await shown(page.getByText('Deleted /doomed: 6 nodes'));
    assert.equal(await held('/doomed'), null);
  });

  test('who edits what somebody else has changed is told before saving', async () => {
    await shells[0].do('create /contested one');
    await at('#/tree/contested');
    await (await signIn(page, 'ada', 'lovelace')).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByRole('textbox', { name: 'Data of /contested' }).fill('mine');
    await shells[0].do('set /contested theirs');
    await shown(page.getByText('You edit version 0; it is at version 1 now.'));
    assert.ok(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled());
    assert.equal((await held('/contested')).text, 'theirs');
    await page.getByRole('button', { name: 'Save over version 1' }).click();
    await waitUntil(async () => (await held('/contested')).text === 'mine', 'saved over');
  });
});

describe('time', () => {
  test('two moments of a node are compared', async () => {
    await at('#/tree/services/flags?tab=history');
    const diff = page.getByLabel('Difference');
    await shown(diff);
    assert.match(await diff.innerText(), /− +"percent": 25\n[^]*\+ +"percent": 50,?\n/);
    const created = page.locator('table.history tbody tr').last();
    await created.getByRole('radio', { name: /^from/ }).check();
    await waitUntil(async () => /− +"enabled": false/.test(await diff.innerText()), 'another difference');
  });

  test('charts live while somebody works', async () => {
    await at('#/activity');
    const chart = page.locator('figure.chart', { hasText: 'Requests per second' });
    await shown(chart);
    const over = work(server.connectString, '/bench', 14);
    try {
      const rate = async () => Number((await chart.locator('li', { hasText: 'all' }).locator('b').innerText()).replace(/,/g, ''));
      await waitUntil(async () => (await rate()) > 50, 'the chart shows the load');
      const drawn = await chart.locator('path.tone-a').getAttribute('d');
      await waitUntil(async () => (await chart.locator('path.tone-a').getAttribute('d')) !== drawn, 'the chart moves on');
      const paths = page.getByRole('region', { name: 'Hot paths' });
      await waitUntil(async () => (await paths.getByRole('link', { name: /^\/bench\// }).count()) > 0, 'hot paths');
      const clients = page.getByRole('region', { name: 'Top clients' });
      assert.ok((await clients.getByRole('cell', { name: /^127\.0\.0\.1/ }).count()) > 0);
    } finally {
      await over;
    }
  });

  test('the server restarts under the open page, which says so and goes on', async () => {
    await shells[0].do('create /survivor before');
    await at('#/tree/survivor');
    await shown(page.getByText('before', { exact: true }));
    page.serverIsDown = true;
    await server.stop();
    await shown(page.getByText('The server does not answer.'));
    await shown(page.getByText('before', { exact: true }));
    await server.run();
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    page.serverIsDown = false;
    const shell = new Shell(server.connectString);
    await shell.do('set /survivor after', 'create /survivor/child x');
    await shown(page.getByText('after', { exact: true }));
    await shown(page.getByRole('region', { name: 'Node' }).getByText('1 child', { exact: true }));
    await shell.close();
  });

  test('a hidden tab asks for nothing, and catches up when it is seen again', async () => {
    await at('#/tree/services/billing');
    await shown(heading('/services/billing'));
    const hide = (hidden) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await page.waitForLoadState('networkidle');
    let asked = 0;
    page.on('request', () => asked++);
    await new Promise((resolve) => setTimeout(resolve, 5000)); // two rounds of every poll
    assert.equal(asked, 0);
    await hide(false);
    await waitUntil(() => asked >= 2, 'it asks again');
  });
});
