'use strict';

const assert = require('assert');
const { refused, within } = require('./talk');
const { Session, zookeeper } = require('./session');

const { ACL, Exception, Id, Permission } = zookeeper;

async function acls(talk, connectString, stranger) {
  const walker = await Session.open(connectString);
  walker.client.addAuthInfo('digest', Buffer.from('walker:secret'));
  await talk.check('acl.creator-all', () => creatorAll(walker, stranger));
  await talk.check('acl.digest', () => digest(walker, stranger));
  await talk.check('acl.ip', () => address(stranger));
  await talk.check('acl.set', () => set(walker, stranger));
  await talk.check('acl.invalid', () => invalid(stranger));
  await talk.check('acl.auth-failed', async () => {
    const session = await Session.open(connectString);
    const failed = new Promise((resolve) => session.client.once('authenticationFailed', resolve));
    session.client.addAuthInfo('nonsense', Buffer.from('x'));
    await within(failed, 'authenticationFailed');
  });
  walker.close();
}

async function creatorAll(walker, stranger) {
  await refused(Exception.INVALID_ACL, stranger.createWith('/acl', ACL.CREATOR_ALL_ACL));
  await walker.createWith('/acl', ACL.CREATOR_ALL_ACL);
  const [acl] = await walker.call('getACL', '/acl');
  assert.strictEqual(acl.length, 1);
  assert.strictEqual(acl[0].permission, Permission.ALL);
  assert.strictEqual(acl[0].id.scheme, 'digest');
  assert(acl[0].id.id.startsWith('walker:'));
  await refused(Exception.NO_AUTH, stranger.get('/acl'));
  await refused(Exception.NO_AUTH, stranger.set('/acl', ''));
  await refused(Exception.NO_AUTH, stranger.children('/acl'));
  await refused(Exception.NO_AUTH, stranger.call('getACL', '/acl'));
  await refused(Exception.NO_AUTH, stranger.call('setACL', '/acl', ACL.OPEN_ACL_UNSAFE, -1));
  await refused(Exception.NO_AUTH, stranger.create('/acl/x'));
  await walker.create('/acl/open');
  // It is the parent's DELETE that counts.
  await refused(Exception.NO_AUTH, stranger.remove('/acl/open'));
  await walker.remove('/acl/open');
}

async function digest(walker, stranger) {
  const [mine] = await walker.call('getACL', '/acl');
  const reader = new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE);
  await stranger.createWith('/acl-digest', [mine[0], reader]);
  assert.strictEqual((await stranger.get('/acl-digest'))[0].toString(), 'x');
  await refused(Exception.NO_AUTH, stranger.set('/acl-digest', ''));
  const [seen] = await stranger.call('getACL', '/acl-digest');
  assert.strictEqual(seen[0].id.id, 'walker:x', 'without ADMIN the hash is not shown');
  await walker.set('/acl-digest', 'y');
}

async function address(session) {
  const here = new ACL(Permission.ALL, new Id('ip', '127.0.0.1'));
  await session.createWith('/acl-here', [here]);
  await session.set('/acl-here', 'y');
  const elsewhere = new ACL(Permission.ALL, new Id('ip', '10.0.0.0/8'));
  await session.createWith('/acl-elsewhere', [elsewhere]);
  await refused(Exception.NO_AUTH, session.get('/acl-elsewhere'));
  await session.remove('/acl-elsewhere');
}

async function set(walker, stranger) {
  await walker.create('/acl-set');
  await refused(
    Exception.BAD_VERSION,
    walker.call('setACL', '/acl-set', ACL.CREATOR_ALL_ACL, 5)
  );
  const stat = await walker.call('setACL', '/acl-set', ACL.CREATOR_ALL_ACL, 0);
  assert.deepStrictEqual([stat.aversion, stat.version], [1, 0]);
  assert.deepStrictEqual(stat.mzxid, stat.czxid);
  await refused(Exception.NO_AUTH, stranger.get('/acl-set'));
}

async function invalid(session) {
  for (const [scheme, id] of [
    ['nonsense', 'x'],
    ['world', 'someone'],
    ['ip', '300.1.2.3'],
    ['digest', 'no-colon'],
  ]) {
    const bad = new ACL(Permission.ALL, new Id(scheme, id));
    await refused(Exception.INVALID_ACL, session.createWith('/acl-bad', [bad]));
  }
}

module.exports = { acls };
