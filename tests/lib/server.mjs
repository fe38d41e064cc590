// `sekimori serve` as an installation has it: two files in a folder, and commands beside it.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binary } from './demo.mjs';
import { freePort, run, Running } from './process.mjs';

/** A running node. */
export class Server {
  /**
   * Start it at 127.0.0.1 on a free port, `node` and `site` being the texts of its two files (listener,
   * management and root key aside).
   */
  static async start({ node = '', site }) {
    const server = new Server(await freePort(), await freePort());
    server.write('sekimori.toml', [
      'site_file = "site.toml"',
      `listen.address = "127.0.0.1:${server.port}"`,
      `management.address = "127.0.0.1:${server.management}"`,
      node,
    ].join('\n'));
    server.write('site.toml', site);
    server.running = new Running(binary(), ['serve'], { cwd: server.folder });
    try {
      await server.ready();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  constructor(port, management) {
    this.port = port;
    this.management = management;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-serve.'));
  }

  write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  async ready() {
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${this.management}/health/ready`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`sekimori serve is not ready\n${this.running.log.slice(-20).join('\n')}`);
  }

  /** A command beside it; gives what it prints. */
  command(...words) {
    return run(binary(), words, { cwd: this.folder });
  }

  async stop() {
    await this.running.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
