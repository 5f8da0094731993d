'use strict';

const assert = require('assert');
const readline = require('readline');

const DEADLINE_MS = 30000;

/**
 * The walk's talk with the test that started it: findings and requests go out on stdout, one per
 * line, answers come in on stdin.
 */
class Conversation {
  constructor() {
    this.failures = 0;
    this.answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  }

  /** Runs one check and reports it; a failure is counted and the walk goes on. */
  async check(name, body) {
    try {
      await body();
      console.log(`ok ${name}`);
    } catch (failure) {
      this.failures += 1;
      const where = /[a-z_]+_checks\.js:\d+/.exec(failure.stack || '');
      const text = `${failure}`.replace(/\n/g, ' ');
      console.log(`FAIL ${name}: ${text} at ${where ? where[0] : '?'}`);
    }
  }

  /** Asks the test for something (a restart, a move of the gate) and waits until it is done. */
  async ask(request) {
    console.log(request);
    const answer = await this.answers.next();
    if (answer.value !== 'done') {
      throw new Error(`asked for '${request}', was answered '${answer.value}'`);
    }
  }
}

/** What `promise` gives, or an error when it gives nothing in time. */
function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never came: ${what}`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Requires that the server refuses with exactly this error code. */
async function refused(code, promise) {
  let refusal = null;
  try {
    await promise;
  } catch (error) {
    refusal = error;
  }
  assert(refusal !== null, `expected error ${code}, got success`);
  assert.strictEqual(refusal.code, code, `expected error ${code}, got ${refusal}`);
}

module.exports = { Conversation, DEADLINE_MS, refused, within };
