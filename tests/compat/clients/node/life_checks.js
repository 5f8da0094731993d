'use strict';

const assert = require('assert');
const { refused, within } = require('./talk');
const { Events, SHORT_TIMEOUT_MS, Session, zookeeper } = require('./session');

const { CreateMode, Exception } = zookeeper;

async function nodes(talk, connectString, session) {
  await talk.check('node.ephemeral', async () => {
    await session.create('/node');
    const owner = await Session.open(connectString);
    await owner.create('/node/ephemeral', '', CreateMode.EPHEMERAL);
    const stat = await session.exists('/node/ephemeral');
    assert.strictEqual(stat.ephemeralOwner.toString('hex'), owner.id);
    await refused(
      Exception.NO_CHILDREN_FOR_EPHEMERALS,
      session.create('/node/ephemeral/child')
    );
    owner.close();
    await session.awaitGone('/node/ephemeral');
  });
  await talk.check('node.sequential', async () => {
    await session.create('/queue');
    const { PERSISTENT_SEQUENTIAL, EPHEMERAL_SEQUENTIAL } = CreateMode;
    const first = await session.create('/queue/a', '', PERSISTENT_SEQUENTIAL);
    assert.strictEqual(first, '/queue/a0000000000');
    await session.create('/queue/plain');
    const third = await session.create('/queue/b', '', EPHEMERAL_SEQUENTIAL);
    assert.strictEqual(third, '/queue/b0000000002');
  });
}

async function restart(talk, signal, watching, changing) {
  const root = `/restart-${signal}`;
  const { id } = watching;
  const [data, exists, child] = [new Events(), new Events(), new Events()];
  await talk.check(`restart.${signal}`, async () => {
    await changing.create(root, 'before');
    await watching.create(`${root}/mine`, '', CreateMode.EPHEMERAL);
    await watching.get(root, data.watcher);
    await watching.exists(`${root}/absent`, exists.watcher);
    await watching.children(root, child.watcher);
    await talk.ask(`restart ${signal}`);
    await watching.awaitAnswers();
    await changing.awaitAnswers();
  });
  await talk.check(`restart.${signal}.session`, () => assert.strictEqual(watching.id, id));
  await talk.check(`restart.${signal}.data`, async () => {
    assert.strictEqual((await changing.get(root))[0].toString(), 'before');
  });
  await talk.check(`restart.${signal}.ephemeral`, async () => {
    const stat = await changing.exists(`${root}/mine`);
    assert.strictEqual(stat.ephemeralOwner.toString('hex'), id);
  });
  await talk.check(`restart.${signal}.watches`, async () => {
    await data.none(watching);
    await exists.none(watching);
    await child.none(watching);
    await changing.set(root, 'after');
    await data.next('NODE_DATA_CHANGED', root);
    await changing.create(`${root}/absent`);
    await exists.next('NODE_CREATED', `${root}/absent`);
    await child.next('NODE_CHILDREN_CHANGED', root);
  });
}

/** Changes made while a watcher was cut off are told to it when it is back. */
async function cut(talk, gated, changing) {
  await talk.check('cut.missed-events', async () => {
    const [data, created, deleted, child] = [1, 2, 3, 4].map(() => new Events());
    await changing.create('/cut');
    await changing.create('/cut/deleted');
    await gated.get('/cut', data.watcher);
    await gated.exists('/cut/created', created.watcher);
    await gated.get('/cut/deleted', deleted.watcher);
    await gated.children('/cut', child.watcher);
    const { id } = gated;
    await talk.ask('gate shut');
    await changing.set('/cut', 'x');
    await changing.create('/cut/created');
    await changing.remove('/cut/deleted');
    await talk.ask('gate open');
    await gated.awaitAnswers();
    assert.strictEqual(gated.id, id);
    await data.next('NODE_DATA_CHANGED', '/cut');
    await created.next('NODE_CREATED', '/cut/created');
    await deleted.next('NODE_DELETED', '/cut/deleted');
    await child.next('NODE_CHILDREN_CHANGED', '/cut');
  });
}

async function expiry(talk, gate, survivor) {
  const silent = await Session.open(gate, SHORT_TIMEOUT_MS);
  await talk.check('expiry.timeout', () =>
    assert.strictEqual(silent.client.getSessionTimeout(), SHORT_TIMEOUT_MS)
  );
  await talk.check('expiry.ephemeral', async () => {
    const events = new Events();
    await silent.create('/expiring', '', CreateMode.EPHEMERAL);
    await survivor.exists('/expiring', events.watcher);
    await talk.ask('gate freeze');
    await events.next('NODE_DELETED', '/expiring');
  });
  await talk.ask('gate open');
  await talk.check('expiry.client', async () => {
    await within(silent.expired, 'expired');
    await refused(Exception.SESSION_EXPIRED, silent.exists('/'));
  });
}

module.exports = { cut, expiry, nodes, restart };
