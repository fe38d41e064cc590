// Apache with mod_auth_openidc as a service of Sekimori, in a folder of its own, in the foreground.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort, run, Running } from '../../lib/process.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/** What the protected page shows: one line a fact, as Apache's environment has it. */
const FACTS = { user: 'REMOTE_USER', acr: 'OIDC_CLAIM_acr', amr: 'OIDC_CLAIM_amr', issuer: 'OIDC_CLAIM_iss' };

const page = () => {
  const lines = Object.entries(FACTS).map(
    ([name, variable]) => `<dt>${name}</dt><dd id="${name}"><!--#echo var="${variable}" --></dd>`,
  );
  return `<!doctype html><html lang="en"><title>Wiki</title><h1>Wiki</h1><dl>${lines.join('')}</dl></html>`;
};

/** An Apache that sends people to one issuer. */
export class Apache {
  /** A host and a port of its own; known before it starts, so that it can be registered. */
  static async prepare({ host = 'wiki.campus.test' } = {}) {
    return new Apache(host, await freePort());
  }

  constructor(host, port) {
    this.host = host;
    this.port = port;
    this.url = `https://${host}:${port}`;
    /** What is registered at the issuer. */
    this.redirectUri = `${this.url}/secure/redirect_uri`;
    /** What only people who have signed in can see. */
    this.protectedPage = `${this.url}/secure/`;
  }

  /**
   * Start it as the client `id` with `secret`. `userClaim` becomes REMOTE_USER; `extra` are lines of
   * configuration, such as `OIDCAuthRequestParams acr_values=…`.
   */
  async start({ issuer, id, secret, userClaim = 'sub', extra = '' }) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-apache.'));
    fs.chmodSync(this.folder, 0o755);
    for (const name of ['run', 'logs', 'html', 'html/secure']) {
      fs.mkdirSync(path.join(this.folder, name));
    }
    this.makeCertificate();
    fs.writeFileSync(path.join(this.folder, 'html/index.html'), '<!doctype html><h1>Outside</h1>');
    fs.writeFileSync(path.join(this.folder, 'html/secure/index.html'), page());
    const values = {
      FOLDER: this.folder,
      MODULES: '/usr/lib/apache2/modules',
      HOST: this.host,
      PORT: this.port,
      ISSUER: issuer,
      CLIENT_ID: id,
      CLIENT_SECRET: secret,
      PASSPHRASE: randomBytes(24).toString('hex'),
      USER_CLAIM: userClaim,
      EXTRA: extra,
    };
    const template = fs.readFileSync(path.join(here, 'httpd.conf'), 'utf8');
    const text = template.replaceAll(/@([A-Z_]+)@/g, (whole, name) => values[name] ?? whole);
    fs.writeFileSync(path.join(this.folder, 'httpd.conf'), text, { mode: 0o600 });
    const configuration = path.join(this.folder, 'httpd.conf');
    this.running = new Running('/usr/sbin/apache2', ['-f', configuration, '-DFOREGROUND'], {
      // Certificate and proxy settings of the machine stay out.
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    });
    await this.answers();
    return this;
  }

  /** A certificate of its own making; browsers of these journeys trust any. */
  makeCertificate() {
    const file = (name) => path.join(this.folder, name);
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', `/CN=${this.host}`, '-addext', `subjectAltName=DNS:${this.host}`],
      ...['-keyout', file('key.pem'), '-out', file('certificate.pem')],
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
    const file = path.join(this.folder, 'logs/error.log');
    const written = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    return [...this.running.log, written].join('\n');
  }

  /** The facts that the protected page shows. */
  async facts(browserPage) {
    const facts = {};
    for (const name of Object.keys(FACTS)) {
      facts[name] = (await browserPage.locator(`#${name}`).innerText()).trim();
    }
    return facts;
  }

  async stop() {
    await this.running?.stop();
    if (this.folder) fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
