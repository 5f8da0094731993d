'use strict';

// Walks through what node-zookeeper-client offers, on a real server. Arguments: the server's
// connect string, and that of a gate in front of it which the test can shut, freeze and open.

const { Conversation } = require('./talk');
const { Session } = require('./session');
const basicChecks = require('./basic_checks');
const aclChecks = require('./acl_checks');
const lifeChecks = require('./life_checks');

async function main() {
  const [server, gate] = process.argv.slice(2);
  const talk = new Conversation();
  const one = await Session.open(server);
  const two = await Session.open(server);
  const gated = await Session.open(gate);
  await basicChecks.crud(talk, one);
  await basicChecks.watches(talk, one, two);
  await basicChecks.multi(talk, one);
  await aclChecks.acls(talk, server, one);
  await lifeChecks.nodes(talk, server, one);
  await lifeChecks.restart(talk, 'term', one, two);
  await lifeChecks.restart(talk, 'kill', one, two);
  await lifeChecks.cut(talk, gated, two);
  await lifeChecks.expiry(talk, gate, one);
  process.exit(talk.failures === 0 ? 0 : 1);
}

main();
