// `sekimori demo` as a program sees it: one line of JSON, then a server on localhost.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, run, Running } from './process.mjs';
import { root } from './work.mjs';

/** The program that is tested. */
export const binary = () =>
  process.env.SEKIMORI_BINARY ?? path.join(root, 'target/debug/sekimori');

/**
 * A running demo. It has as properties what the demo said about itself when it was ready: issuer,
 * portal, management, mail, people, clients, zones.
 */
export class Demo {
  /** Start it on a free port; `args` go to the command, `env` is its environment. */
  static async start({ args = [], env = process.env, seconds = 60 } = {}) {
    const port = await freePort();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-demo.'));
    const words = ['demo', '--json', '--port', String(port), '--dir', folder, ...args];
    const running = new Running(binary(), words, { env });
    const demo = new Demo(running, folder, port);
    try {
      const line = await running.line((text) => text.startsWith('{'), seconds);
      return Object.assign(demo, JSON.parse(line));
    } catch (error) {
      await demo.stop();
      throw error;
    }
  }

  constructor(running, folder, port) {
    this.running = running;
    this.folder = folder;
    this.port = port;
  }

  /** A command beside the running demo, in its folder; gives what it prints. */
  command(...words) {
    return run(binary(), words, { cwd: this.folder });
  }

  /** Register a service that signs people in by OpenID Connect; gives {client_id, client_secret}. */
  addService(name, redirectUri) {
    this.command('service', 'add', name, '--redirect-uri', redirectUri, '--yes');
    return JSON.parse(this.command('service', 'secret', name, '--json'));
  }

  /** What `explain` says about an incident code. */
  explain(code) {
    return JSON.parse(this.command('explain', code, '--json'));
  }

  /** The person of a kind: totp, no_factor, disabled, mail_code, certificate, passkey, administrator. */
  person(kind) {
    const person = this.people.find((one) => one.kind === kind);
    if (!person) throw new Error(`the demo has no person of kind ${kind}`);
    return person;
  }

  /** An address of the zone of that name; `inside` is any that counts as inside. */
  address(zone) {
    const found =
      this.zones.find(({ name }) => name === zone) ??
      this.zones.find(({ inside }) => zone === (inside ? 'inside' : 'outside'));
    if (!found) throw new Error(`the demo has no zone ${zone}: ${JSON.stringify(this.zones)}`);
    return found.address;
  }

  /** The first client's sample service: the origin of its first redirect URI. */
  get service() {
    return new URL(this.clients[0].redirect_uris[0]).origin;
  }

  async stop() {
    await this.running.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
