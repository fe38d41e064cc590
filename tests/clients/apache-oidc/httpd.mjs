// One Apache on loopback, https, in a folder of its own, in the foreground.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, run, Running } from '../../lib/process.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const template = (name) => fs.readFileSync(path.join(here, name), 'utf8');

/** What all of them are; the configuration stands in httpd.conf and in one file for each use. */
export class Httpd {
  /** The host of its URL. */
  static host = 'localhost';

  /** A port of its own, known before it starts, so that it can be named elsewhere. */
  static async prepare() {
    return new this(await freePort());
  }

  constructor(port) {
    this.host = this.constructor.host;
    this.port = port;
    this.url = `https://${this.host}:${port}`;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-apache.'));
    fs.chmodSync(this.folder, 0o755);
    for (const name of ['run', 'logs', 'html', 'html/secure']) {
      fs.mkdirSync(this.file(name));
    }
    this.makeCertificate();
  }

  /** A file of its folder. */
  file(name) {
    return path.join(this.folder, name);
  }

  write(name, text, options) {
    fs.writeFileSync(this.file(name), text, options);
  }

  /** Start it with httpd.conf and the file `use`, where `@NAME@` stands for `values.NAME`. */
  async serve(use, values) {
    const all = {
      FOLDER: this.folder,
      MODULES: '/usr/lib/apache2/modules',
      HOST: this.host,
      PORT: this.port,
      ...values,
    };
    const text = (template('httpd.conf') + template(use)).replaceAll(
      /@([A-Z_]+)@/g,
      (whole, name) => all[name] ?? whole,
    );
    this.write('httpd.conf', text, { mode: 0o600 });
    this.running = new Running('/usr/sbin/apache2', ['-f', this.file('httpd.conf'), '-DFOREGROUND'], {
      // Certificate and proxy settings of the machine stay out.
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    });
    await this.answers();
    return this;
  }

  /** A certificate of its own making; browsers of these journeys trust any. */
  makeCertificate() {
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', `/CN=${this.host}`, '-addext', `subjectAltName=DNS:${this.host}`],
      ...['-keyout', this.file('key.pem'), '-out', this.file('certificate.pem')],
    ]);
  }

  async answers() {
    for (let tries = 0; tries < 100; tries += 1) {
      const open = await new Promise((resolve) => {
        const socket = net.connect(this.port, '127.0.0.1', () => resolve(true));
        socket.once('connect', () => socket.destroy());
        socket.once('error', () => resolve(false));
      });
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`apache does not answer\n${this.log()}`);
  }

  /** What it wrote about itself. */
  log() {
    const file = this.file('logs/error.log');
    const written = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    return [...(this.running?.log ?? []), written].join('\n');
  }

  async stop() {
    await this.running?.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
