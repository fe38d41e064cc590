// Processes of a journey: started with pipes, stopped by their id.

import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';

// Below the ports that the system gives to whoever names none (from 32768): no connection of a browser takes one.
const first = 12_000;
const ports = 20_000;
let turn = process.pid * 97;

/** A port of 127.0.0.1 that is free now; no two calls of this process have the same answer. */
export async function freePort() {
  for (let tries = 0; tries < ports; tries += 1) {
    turn += 1;
    const port = first + (turn % ports);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Run to the end; gives stdout, throws with stderr if the status is not 0 or it does not end in two minutes. */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 120_000,
    killSignal: 'SIGKILL',
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stderr}${stdout}`);
  return stdout;
}

/**
 * A process that stays. `lines` collects what it says; `line(test, seconds)` waits for a line of
 * stdout; `stop()` asks it to end and, after five seconds, ends it. It has a process group of its
 * own: Apache, when it ends, sends SIGTERM to its whole group.
 */
export class Running {
  constructor(command, args, options = {}) {
    this.command = command;
    this.out = [];
    this.log = [];
    this.waiting = new Set();
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...options,
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.log.push(String(error));
        resolve(error);
      });
      this.child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    // What it said last may arrive after its end; a child of its own may keep the pipes open for ever.
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    const patience = () => new Promise((resolve) => setTimeout(resolve, 1000));
    this.silent = this.ended.then((how) => Promise.race([closed, patience()]).then(() => how));
    this.ended.then(() => this.wake());
    this.follow(this.child.stdout, this.out);
    this.follow(this.child.stderr, this.log);
  }

  follow(stream, lines) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      lines.push(...parts);
      this.wake();
    });
  }

  wake() {
    for (const look of this.waiting) look();
  }

  /** The first line of stdout for which `test` holds. */
  line(test, seconds) {
    return new Promise((resolve, reject) => {
      const give = (settle, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        settle(value);
      };
      const fail = (why) =>
        give(reject, new Error(`${this.command}: ${why}\n${this.log.slice(-20).join('\n')}`));
      const look = () => {
        const found = this.out.find(test);
        if (found !== undefined) give(resolve, found);
      };
      const timer = setTimeout(() => fail(`not ready after ${seconds} s`), seconds * 1000);
      this.waiting.add(look);
      this.silent.then((how) => this.waiting.has(look) && fail(`ended (${how})`));
      look();
    });
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => process.kill(-this.child.pid, 'SIGKILL'), 5000);
    await this.ended;
    clearTimeout(timer);
  }
}
