// The ensemble as the console shows it, while members go and leadership changes hands.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ensemble, openPage, startBrowser, waitUntil } from './support.mjs';

let ensemble;
let browser;

before(async () => {
  ensemble = await Ensemble.start();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await ensemble?.close();
});

test('roles, a member that goes, and the election after the leader went', async () => {
  const roles = async (page) =>
    (await page.locator('table.members tbody .role').allInnerTexts()).map((text) => text.trim());
  const sidOf = (list, role) => list.indexOf(role) + 1;

  const first = await openPage(browser, ensemble.members[0].url);
  const all = await waitUntil(async () => {
    const list = await roles(first);
    return list.length === 3 && list.filter((role) => role === 'follower').length === 2 && list;
  }, 'three members with their roles');
  const leader = sidOf(all, 'leader');
  assert.ok(leader > 0);
  await first.getByText('3 of 3 voters reachable').first().waitFor();
  assert.deepEqual(first.complaints, []);
  await first.context().close();

  // Looked at through a member that stays; first a follower goes, then it is back, then the leader.
  const [watched] = ensemble.members.filter((member) => member.sid !== leader);
  const page = await openPage(browser, watched.url);
  const elections = page.locator('.elections li');
  await elections.first().waitFor();
  const before = await elections.count();
  process.kill(ensemble.members[leader - 1].pid, 'SIGKILL');
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
