// FreeRADIUS as the campus Wi-Fi has it, in a folder of its own, and `eapol_test` as the device before it. The module `eap`
// and the script that fetches revocation lists are those of the guide.

import dgram from 'node:dgram';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { run, Running } from '../../lib/process.mjs';
import { root } from '../../lib/work.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
/** Where the guide's FreeRADIUS is. */
const INSTALLED = '/etc/freeradius/3.0';

/** The block of the guide that begins with `first`. */
export function ofGuide(first) {
  const guide = fs.readFileSync(path.join(root, 'docs/guide/wifi.md'), 'utf8');
  const blocks = [...guide.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  const found = blocks.find((text) => text.startsWith(first));
  if (!found) throw new Error(`the guide has no block that begins with ${first}`);
  return found;
}

/** A port of 127.0.0.1 that is free now, of UDP. */
function freePort() {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** A FreeRADIUS that lets in whoever has a certificate of the authority that `demo` shows. */
export class FreeRadius {
  /** Its folder, with everything but the revocation lists. */
  static async prepare(demo) {
    const radius = new FreeRadius();
    radius.port = await freePort();
    radius.secret = randomBytes(16).toString('hex');
    radius.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-radius.'));
    fs.mkdirSync(radius.file('certs/campus-lists'), { recursive: true });
    fs.writeFileSync(radius.file('certs/campus.pem'), demo.command('ca', 'show', '--pem'));
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=radius.campus.test', '-addext', 'subjectAltName=DNS:radius.campus.test'],
      ...['-keyout', radius.file('certs/radius.key'), '-out', radius.file('certs/radius.pem')],
    ]);
    return radius;
  }

  file(name) {
    return path.join(this.folder, name);
  }

  /** Leave only the root, which comes last, among those that it trusts. */
  trustRootAlone() {
    const begin = '-----BEGIN';
    const pem = fs.readFileSync(this.file('certs/campus.pem'), 'utf8');
    fs.writeFileSync(this.file('certs/campus.pem'), pem.slice(pem.lastIndexOf(begin)));
  }

  /** Start it; `change` alters the module of the guide. */
  async start({ change = (text) => text } = {}) {
    fs.writeFileSync(this.file('eap'), change(ofGuide('eap {')));
    const values = { FOLDER: this.folder, SECRET: this.secret, PORT: String(this.port) };
    const template = fs.readFileSync(path.join(here, 'radiusd.conf'), 'utf8');
    const text = template.replaceAll(/@([A-Z]+)@/g, (whole, name) => values[name] ?? whole);
    fs.writeFileSync(this.file('radiusd.conf'), text, { mode: 0o600 });
    return this.restart();
  }

  /** Have it read everything again. */
  async restart() {
    await this.stop();
    this.running = new Running('/usr/sbin/freeradius', ['-d', this.folder, '-X'], {
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    });
    await this.running.line((line) => line.includes('Ready to process requests'), 30);
    return this;
  }

  /** Fetch the lists at these addresses, with the script of the guide. */
  fetchLists(addresses) {
    const script = ofGuide('#!/bin/sh\n# campus-lists')
      .replaceAll(INSTALLED, this.folder)
      .replace(/^for address in .*; do$/m, `for address in ${addresses.join(' ')}; do`);
    fs.writeFileSync(this.file('campus-lists'), script, { mode: 0o755 });
    run(this.file('campus-lists'), []);
  }

  /** A device with this PKCS#12 file: whether it is let in, and what was said. */
  async connect({ file, pin, identity, tls = '1.2' }) {
    const newest = tls === '1.3' ? 0 : 1;
    const network = [
      'network={',
      'key_mgmt=WPA-EAP',
      'eap=TLS',
      `identity="${identity}"`,
      `ca_cert="${this.file('certs/radius.pem')}"`,
      'domain_match="radius.campus.test"',
      `private_key="${file}"`,
      `private_key_passwd="${pin}"`,
      `phase1="tls_disable_tlsv1_3=${newest}"`,
      '}',
    ];
    const configuration = this.file(`${randomBytes(4).toString('hex')}.conf`);
    fs.writeFileSync(configuration, network.join('\n'), { mode: 0o600 });
    const words = ['-c', configuration, '-a', '127.0.0.1', '-p', String(this.port), '-s', this.secret];
    const before = this.running.out.length;
    const { status, said } = await ended('eapol_test', [...words, '-t', '15']);
    fs.rmSync(configuration);
    const radius = this.running.out.slice(before).join('\n');
    const accepted = status === 0 && /^SUCCESS$/m.test(said);
    const version = /SSL: Using TLS version (\S+)/.exec(said)?.[1];
    return { accepted, version, said, radius };
  }

  async stop() {
    await this.running?.stop();
    this.running = undefined;
  }

  async end() {
    await this.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Run to the end while everything else goes on. */
function ended(command, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => { said += text; });
    }
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, said }));
  });
}
