// The ensemble as the console shows it, while members go and leadership changes hands.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ensemble, openPage, Shell, signIn, startBrowser, waitUntil } from './support.mjs';

let ensemble;
let browser;

before(async () => {
  ensemble = await Ensemble.start({ observers: 1 });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await ensemble?.close();
});

const roles = async (page) =>
  (await page.locator('table.members tbody .role').allInnerTexts()).map((text) => text.trim());
const sidOf = (list, role) => list.indexOf(role) + 1;
const settled = (page) =>
  waitUntil(async () => {
    const list = await roles(page);
    return list.length === 4 && list.filter((role) => role === 'follower').length === 2 && list.includes('leader') && list;
  }, 'a leader and two followers');

test('an observer is shown as one, and does not count as a voter', async () => {
  for (const member of [ensemble.members[0], ensemble.members[3]]) {
    const page = await openPage(browser, member.url);
    const list = await settled(page);
    assert.equal(list[3], 'observer');
    const row = page.locator('table.members tbody tr').nth(3);
    await row.getByText('no vote').waitFor();
    await page.getByText('3 of 3 voters reachable').first().waitFor();
    assert.equal(await page.getByText('no vote').count(), 1);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});

test('a follower that goes is shown to be away, and comes back; nobody is elected for it', async () => {
  const page = await openPage(browser, ensemble.members[3].url);
  const list = await settled(page);
  const follower = sidOf(list, 'follower');
  const leader = sidOf(list, 'leader');
  const elections = await page.locator('.elections li').count();
  ensemble.kill(follower);
  await waitUntil(async () => (await roles(page))[follower - 1] === 'away', 'the follower is away');
  await page.getByText('2 of 3 voters reachable').first().waitFor();
  assert.equal(sidOf(await roles(page), 'leader'), leader);
  await ensemble.run(follower);
  await waitUntil(async () => (await roles(page))[follower - 1] === 'follower', 'the follower is back');
  await page.getByText('3 of 3 voters reachable').first().waitFor();
  assert.equal(await page.locator('.elections li').count(), elections);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('a follower shows what the leader took, and takes what is saved there to it', async () => {
  const first = await openPage(browser, ensemble.members[0].url);
  const list = await settled(first);
  await first.context().close();
  const leader = ensemble.members[sidOf(list, 'leader') - 1];
  const follower = ensemble.members[sidOf(list, 'follower') - 1];
  const shell = new Shell(leader.connectString);
  await shell.do('create /greeting hello');
  const page = await openPage(browser, `${follower.url}#/tree/greeting`);
  await page.getByText('hello', { exact: true }).waitFor();
  await shell.do('set /greeting good-day');
  await page.getByText('good-day', { exact: true }).waitFor();
  // Saved at the follower, it is the leader's.
  await shell.do('addauth digest ada:lovelace', 'create /adas x auth::cdrwa');
  await (await signIn(page, 'ada', 'lovelace')).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Data of /greeting' }).fill('farewell');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await waitUntil(async () => {
    const node = await (await fetch(`${leader.url}api/node?path=/greeting`)).json();
    return Buffer.from(node.data, 'base64').toString() === 'farewell';
  }, 'the leader has it');
  await shell.close();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('roles, a member that goes, and the election after the leader went', async () => {
  const first = await openPage(browser, ensemble.members[0].url);
  const all = await waitUntil(async () => {
    const list = await roles(first);
    return list.length === 4 && list.filter((role) => role === 'follower').length === 2 && list;
  }, 'three members with their roles');
  const leader = sidOf(all, 'leader');
  assert.ok(leader > 0);
  await first.getByText('3 of 3 voters reachable').first().waitFor();
  assert.deepEqual(first.complaints, []);
  await first.context().close();

  // Looked at through a member that stays; first a follower goes, then it is back, then the leader.
  const [watched] = ensemble.members.filter((member) => member.sid !== leader && member.sid < 4);
  const page = await openPage(browser, watched.url);
  const elections = page.locator('.elections li');
  await elections.first().waitFor();
  const before = await elections.count();
  ensemble.kill(leader);
  const now = await waitUntil(async () => {
    const list = await roles(page);
    return list[leader - 1] === 'away' && list.includes('leader') && list;
  }, 'another leader, and the old one away');
  assert.notEqual(sidOf(now, 'leader'), leader);
  await page.getByText('2 of 3 voters reachable').first().waitFor();
  await waitUntil(async () => (await elections.count()) === before + 1, 'the election is told');
  assert.match(await elections.first().innerText(), new RegExp(`server ${sidOf(now, 'leader')} leads`));
  const unexpected = page.complaints.filter((text) => !/status of 503/.test(text)); // while it has no leader
  assert.deepEqual(unexpected, []);
});
