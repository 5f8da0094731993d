'use strict';

const zookeeper = require('node-zookeeper-client');
const assert = require('assert');
const { DEADLINE_MS, within } = require('./talk');

// Outlives a restart, however busy the machine; these servers grant up to 60 s.
const LONG_TIMEOUT_MS = 40000;
// The shortest session that a server with tickTime 500 grants.
const SHORT_TIMEOUT_MS = 1000;

/** One session of the client under test, its callbacks turned into promises. */
class Session {
  static async open(connectString, timeoutMs = LONG_TIMEOUT_MS) {
    const session = new Session();
    session.client = zookeeper.createClient(connectString, { sessionTimeout: timeoutMs });
    session.expired = new Promise((resolve) => session.client.once('expired', resolve));
    const connected = new Promise((resolve) => session.client.once('connected', resolve));
    session.client.connect();
    await within(connected, 'session');
    return session;
  }

  get id() {
    return this.client.getSessionId().toString('hex');
  }

  close() {
    this.client.close();
  }

  /** Calls a method of the client; gives what its callback is given, as one value or an array. */
  call(method, ...parameters) {
    return within(
      new Promise((resolve, reject) => {
        this.client[method](...parameters, (error, ...values) => {
          if (error) {
            reject(error);
          } else {
            resolve(values.length > 1 ? values : values[0]);
          }
        });
      }),
      `${method} ${parameters[0]}`
    );
  }

  create(path, data = '', mode = zookeeper.CreateMode.PERSISTENT) {
    return this.createWith(path, zookeeper.ACL.OPEN_ACL_UNSAFE, data, mode);
  }

  createWith(path, acls, data = 'x', mode = zookeeper.CreateMode.PERSISTENT) {
    return this.call('create', path, Buffer.from(data), acls, mode);
  }

  set(path, data, version = -1) {
    return this.call('setData', path, Buffer.from(data), version);
  }

  get(path, watcher) {
    return this.call('getData', path, watcher);
  }

  exists(path, watcher) {
    return this.call('exists', path, watcher);
  }

  children(path, watcher) {
    return this.call('getChildren', path, watcher);
  }

  remove(path, version = -1) {
    return this.call('remove', path, version);
  }

  /** A transaction's outcome: the error, if any, and the result of each operation. */
  commit(transaction) {
    return within(
      new Promise((resolve) => {
        transaction.commit((error, results) => resolve({ error, results }));
      }),
      'transaction'
    );
  }

  /** Waits until requests are answered again after the connection was lost. */
  async awaitAnswers() {
    const until = Date.now() + DEADLINE_MS;
    for (;;) {
      try {
        await this.exists('/');
        return;
      } catch (error) {
        if (Date.now() > until) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Waits until the server has removed the znode by itself. */
  async awaitGone(path) {
    const events = new Events();
    if ((await this.exists(path, events.watcher)) !== null) {
      await events.next('NODE_DELETED', path);
    }
  }
}

/** A watcher that keeps what it is told, so that a check can ask for the next event. */
class Events {
  constructor() {
    this.received = [];
    this.wake = () => {};
    this.watcher = (event) => {
      this.received.push(`${event.getName()} ${event.getPath()}`);
      this.wake();
    };
  }

  /** Requires that the next event is this one. */
  async next(name, path) {
    if (this.received.length === 0) {
      await within(new Promise((resolve) => (this.wake = resolve)), `event ${name} ${path}`);
    }
    assert.strictEqual(this.received.shift(), `${name} ${path}`);
  }

  /** Requires that nothing more has arrived, as far as the server has told this session. */
  async none(session) {
    // The client hands out events as it reads them, before the replies that follow.
    await session.exists('/');
    assert.deepStrictEqual(this.received, []);
  }
}

module.exports = { Events, LONG_TIMEOUT_MS, SHORT_TIMEOUT_MS, Session, zookeeper };
