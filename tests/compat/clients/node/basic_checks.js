'use strict';

const assert = require('assert');
const { refused } = require('./talk');
const { Events, zookeeper } = require('./session');

const { Exception, CreateMode } = zookeeper;
const CLOCK_SLACK_MS = 60000;

/** 64-bit fields of Stat come as buffers. */
function long(buffer) {
  return buffer.readBigInt64BE();
}

function fresh(stat, dataLength) {
  assert(long(stat.czxid) > 0n);
  assert.deepStrictEqual(stat.mzxid, stat.czxid);
  assert.deepStrictEqual(stat.pzxid, stat.czxid);
  assert.deepStrictEqual(stat.mtime, stat.ctime);
  assert(Math.abs(Date.now() - Number(long(stat.ctime))) < CLOCK_SLACK_MS);
  assert.deepStrictEqual([stat.version, stat.cversion, stat.aversion], [0, 0, 0]);
  assert.strictEqual(long(stat.ephemeralOwner), 0n);
  assert.deepStrictEqual([stat.dataLength, stat.numChildren], [dataLength, 0]);
}

async function crud(talk, session) {
  await talk.check('crud.create', async () => {
    assert.strictEqual(await session.create('/crud', 'one'), '/crud');
    fresh(await session.exists('/crud'), 3);
  });
  await talk.check('crud.get', async () => {
    const [data, stat] = await session.get('/crud');
    assert.strictEqual(data.toString(), 'one');
    fresh(stat, 3);
  });
  await talk.check('crud.set', async () => {
    const before = await session.exists('/crud');
    const after = await session.set('/crud', 'three', 0);
    for (const field of ['czxid', 'pzxid', 'ctime']) {
      assert.deepStrictEqual(after[field], before[field], field);
    }
    assert(long(after.mzxid) > long(before.mzxid));
    assert.deepStrictEqual([after.version, after.dataLength], [1, 5]);
    assert.deepStrictEqual(await session.exists('/crud'), after);
  });
  await talk.check('crud.children', async () => {
    for (const name of ['c', 'a', 'b']) {
      await session.create(`/crud/${name}`);
    }
    const [names, parent] = await session.children('/crud');
    assert.deepStrictEqual(names.sort(), ['a', 'b', 'c']);
    assert.deepStrictEqual([parent.numChildren, parent.cversion], [3, 3]);
    assert.deepStrictEqual(parent.pzxid, (await session.exists('/crud/b')).czxid);
    await session.remove('/crud/a');
    assert.strictEqual((await session.exists('/crud')).cversion, 4);
  });
  await talk.check('crud.errors', () => errors(session));
  await talk.check('crud.delete', async () => {
    await session.remove('/crud/b', 0);
    assert.strictEqual(await session.exists('/crud/b'), null);
    await session.call('removeRecursive', '/crud', -1);
    assert.strictEqual(await session.exists('/crud'), null);
  });
  await talk.check('crud.mkdirp', async () => {
    await session.call('mkdirp', '/made/of/several', Buffer.from('x'));
    assert.strictEqual((await session.get('/made/of/several'))[0].toString(), 'x');
  });
}

async function errors(session) {
  await refused(Exception.NODE_EXISTS, session.create('/crud'));
  await refused(Exception.NO_NODE, session.create('/crud/none/child'));
  await refused(Exception.NO_NODE, session.get('/crud/none'));
  await refused(Exception.NO_NODE, session.set('/crud/none', ''));
  await refused(Exception.NO_NODE, session.remove('/crud/none'));
  await refused(Exception.NO_NODE, session.children('/crud/none'));
  await refused(Exception.NOT_EMPTY, session.remove('/crud'));
  await refused(Exception.BAD_VERSION, session.set('/crud', '', 7));
  await refused(Exception.BAD_VERSION, session.remove('/crud/b', 7));
  await refused(Exception.BAD_ARGUMENTS, session.remove('/zookeeper'));
}

async function watches(talk, watching, changing) {
  await talk.check('watch.data', async () => {
    const events = new Events();
    await changing.create('/watch');
    await watching.get('/watch', events.watcher);
    await changing.set('/watch', '1');
    await events.next('NODE_DATA_CHANGED', '/watch');
    await changing.set('/watch', '2');
    await events.none(watching);
    await watching.get('/watch', events.watcher);
    await changing.remove('/watch');
    await events.next('NODE_DELETED', '/watch');
  });
  await talk.check('watch.exists', async () => {
    const events = new Events();
    await watching.exists('/watch', events.watcher);
    await changing.create('/watch');
    await events.next('NODE_CREATED', '/watch');
    await watching.exists('/watch', events.watcher);
    await changing.set('/watch', '1');
    await events.next('NODE_DATA_CHANGED', '/watch');
    await changing.set('/watch', '2');
    await events.none(watching);
  });
  await talk.check('watch.child', async () => {
    const events = new Events();
    await watching.children('/watch', events.watcher);
    await changing.set('/watch', '3');
    await events.none(watching);
    await changing.create('/watch/child');
    await events.next('NODE_CHILDREN_CHANGED', '/watch');
    await watching.children('/watch/child', events.watcher);
    await changing.remove('/watch/child');
    await events.next('NODE_DELETED', '/watch/child');
  });
}

async function multi(talk, session) {
  await talk.check('multi.success', async () => {
    const transaction = session.client
      .transaction()
      .create('/multi')
      .create('/multi/a', Buffer.from('x'))
      .setData('/multi/a', Buffer.from('xy'))
      .check('/multi/a', 1)
      .create('/multi/t', CreateMode.PERSISTENT_SEQUENTIAL)
      .create('/multi/t', CreateMode.PERSISTENT_SEQUENTIAL)
      .remove('/multi/t0000000001');
    const { error, results } = await session.commit(transaction);
    assert(!error, `${error}`);
    assert.strictEqual(results.length, 7);
    assert.deepStrictEqual(
      [1, 4, 5].map((index) => results[index].path),
      ['/multi/a', '/multi/t0000000001', '/multi/t0000000002']
    );
    const stat = await session.exists('/multi/a');
    assert.deepStrictEqual(stat.mzxid, stat.czxid);
    assert.strictEqual(results[2].stat.version, 1);
  });
  for (let failing = 0; failing < 3; failing += 1) {
    await talk.check(`multi.failure-at-${failing}`, () => multiFailure(session, failing));
  }
}

async function multiFailure(session, failing) {
  const transaction = session.client.transaction();
  const expected = [];
  for (let position = 0; position < 3; position += 1) {
    if (position === failing) {
      transaction.check('/multi/a', 99);
      expected.push(Exception.BAD_VERSION);
    } else {
      transaction.create(`/multi/f${position}`);
      expected.push(position < failing ? Exception.OK : Exception.RUNTIME_INCONSISTENCY);
    }
  }
  const { error, results } = await session.commit(transaction);
  assert.strictEqual(error.code, Exception.BAD_VERSION);
  assert.deepStrictEqual(results.map((result) => result.err), expected);
  const [names] = await session.children('/multi');
  assert.deepStrictEqual(names.filter((name) => name.startsWith('f')), []);
}

module.exports = { crud, long, multi, watches };
