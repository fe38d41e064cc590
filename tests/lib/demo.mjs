// `sekimori demo` as a program sees it: one line of JSON, then a server on localhost.

import path from 'node:path';
import { root } from './work.mjs';
import { freePort, Running } from './process.mjs';

const binary = () =>
  process.env.SEKIMORI_BINARY ?? path.join(root, 'target/debug/sekimori');

/** A running demo. */
export class Demo {
  /** Start it on a free port; `args` go to the command. */
  static async start({ args = [], seconds = 60 } = {}) {
    const port = await freePort();
    const running = new Running(binary(), ['demo', '--json', '--port', String(port), ...args]);
    try {
      const line = await running.line((text) => text.startsWith('{'), seconds);
      return new Demo(running, JSON.parse(line), port);
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  constructor(running, facts, port) {
    this.running = running;
    this.port = port;
    /** issuer, portal, management, mail, people, clients, zones. */
    Object.assign(this, facts);
  }

  /** The person of a kind: totp, no_factor, disabled, administrator. */
  person(kind) {
    const person = this.people.find((one) => one.kind === kind);
    if (!person) throw new Error(`the demo has no person of kind ${kind}`);
    return person;
  }

  /** An address of the zone of that name, or of the first zone inside (or outside) campus. */
  address(zone) {
    const found = this.zones.find(
      ({ name, inside }) => name === zone || zone === (inside ? 'inside' : 'outside'),
    );
    if (!found) throw new Error(`the demo has no zone ${zone}: ${JSON.stringify(this.zones)}`);
    return found.address;
  }

  /** The first client's sample service: the origin of its first redirect URI. */
  get service() {
    return new URL(this.clients[0].redirect_uris[0]).origin;
  }

  async stop() {
    await this.running.stop();
  }
}
