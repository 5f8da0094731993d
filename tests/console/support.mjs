// Real servers and Debian's Chromium for the tests of the console. Every server listens on free
// loopback ports, keeps its data in a folder of its own, and ends with the test that started it.

import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const DROVER = process.env.DROVER_BINARY;
const PATIENCE_MS = 30_000;
if (!DROVER) throw new Error('DROVER_BINARY names the binary under test');

// -- waiting

// Until `condition` is true; an error names `what` after the deadline.
export async function waitUntil(condition, what, ms = PATIENCE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// -- processes

// Nothing outlives a test run that was itself killed.
function start(args, options) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', DROVER, ...args], options);
}

function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', resolve);
  });
}

// Waits for an end that was asked for, and kills who does not listen.
async function end(child, ms) {
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  await ended(child);
  clearTimeout(timer);
}

async function stop(child) {
  child.kill('SIGTERM');
  await end(child, 20_000);
}

// -- servers

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function answers(url) {
  try {
    const answer = await fetch(`${url}api/ensemble`);
    return answer.ok && (await answer.json()).serving === true;
  } catch {
    return false;
  }
}

export class Server {
  // `drover serve` alone.
  static async start() {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), 'drover-console-'));
    server.port = await freePort();
    server.adminPort = await freePort();
    mkdirSync(join(server.folder, 'data'));
    writeFileSync(
      join(server.folder, 'zoo.cfg'),
      [
        'tickTime=500',
        `dataDir=${join(server.folder, 'data')}`,
        `clientPort=${server.port}`,
        'clientPortAddress=127.0.0.1',
        'admin.enableServer=true',
        'admin.serverAddress=127.0.0.1',
        `admin.serverPort=${server.adminPort}`,
        'extendedTypesEnabled=true',
        '',
      ].join('\n'),
    );
    await server.run();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.adminPort}/console/`;
  }

  get connectString() {
    return `127.0.0.1:${this.port}`;
  }

  async run() {
    this.child = start(['serve', join(this.folder, 'zoo.cfg')], { stdio: 'ignore' });
    await waitUntil(() => answers(this.url), 'the server');
  }

  async stop() {
    await stop(this.child);
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// `drover local`: three servers that vote, and observers.
export class Ensemble {
  static async start({ observers = 0 } = {}) {
    const ensemble = new Ensemble();
    ensemble.folder = mkdtempSync(join(tmpdir(), 'drover-console-'));
    const dir = join(ensemble.folder, 'local');
    ensemble.child = start(['local', '--base-port', '0', '--observers', `${observers}`, '--dir', dir], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    ensemble.child.stdout.on('data', (chunk) => (said += chunk));
    await waitUntil(() => said.includes('Ctrl-C'), 'the ensemble');
    ensemble.again = new Map();
    ensemble.members = Array.from({ length: 3 + observers }, (_, i) => i + 1).map((sid) => {
      const config = readFileSync(join(dir, `server-${sid}`, 'zoo.cfg'), 'utf8');
      const port = /^admin\.serverPort=(\d+)$/m.exec(config)[1];
      const pid = Number(new RegExp(`^${sid} .*?(\\d+) +\\S+server\\.log$`, 'm').exec(said)[1]);
      return { sid, pid, url: `http://127.0.0.1:${port}/console/`, connectString: `127.0.0.1:${/^clientPort=(\d+)$/m.exec(config)[1]}` };
    });
    for (const member of ensemble.members) await waitUntil(() => answers(member.url), `server ${member.sid}`);
    return ensemble;
  }

  kill(sid) {
    const again = this.again.get(sid);
    if (again) again.kill('SIGKILL');
    else process.kill(this.members[sid - 1].pid, 'SIGKILL');
  }

  // A member that was killed comes back.
  async run(sid) {
    const config = join(this.folder, 'local', `server-${sid}`, 'zoo.cfg');
    this.again.set(sid, start(['serve', config], { stdio: 'ignore' }));
    await waitUntil(() => answers(this.members[sid - 1].url), `server ${sid} again`);
  }

  async close() {
    for (const child of this.again.values()) await stop(child);
    await stop(this.child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// -- clients

// `drover shell`, with a session that lives until it is closed.
export class Shell {
  constructor(connectString) {
    this.said = '';
    this.child = start(['shell', '-server', connectString], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (chunk) => (this.said += chunk));
  }

  // Runs the lines, and waits until the last has been done.
  async do(...lines) {
    this.number = (this.number ?? 0) + 1;
    const mark = `/shell-mark-${this.child.pid}-${this.number}`;
    this.child.stdin.write(`${[...lines, `stat ${mark}`].join('\n')}\n`);
    await waitUntil(() => this.said.includes(mark), lines.join('; '));
  }

  async close() {
    this.child.stdin.end('quit\n');
    await end(this.child, 5_000); // without a server it would wait for one
  }
}

// `drover bench` below `root`, for so many seconds. Returns what ends with it.
export function work(connectString, root, seconds) {
  const words = `--workload mixed --sessions 4 --nodes 50 --warmup 0 --duration ${seconds}`.split(' ');
  return ended(start(['bench', '--server', connectString, '--root', root, ...words], { stdio: 'ignore' }));
}

// -- the browser

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.DROVER_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export const DESKTOP = { width: 1360, height: 860 };
export const PHONE = { width: 360, height: 740 };

// A page of its own, and what its console complained of: everything but the browser's own notes of
// requests that found no server, or of a status that `expected` lists.
export async function openPage(browser, url, { viewport = DESKTOP, colorScheme = 'light', expected = [] } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    if (/net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/.test(text) && page.serverIsDown) return;
    if (expected.some((status) => text.includes(`status of ${status}`))) return;
    complaints.push(`${message.type()}: ${text} (${message.location().url})`);
  });
  page.complaints = complaints;
  await page.goto(url);
  return page;
}

export async function signIn(page, user, password) {
  await page.getByRole('button', { name: 'Sign in' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('User').fill(user);
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  return dialog;
}
