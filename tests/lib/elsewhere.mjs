// Another authority, as a national service would be: made with OpenSSL, its list given by HTTP, its responder
// `openssl ocsp`.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { freePort, run, Running } from './process.mjs';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const CLIENT = 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n';
/** What opens the files for browsers. */
export const PIN = 'elsewhere';

const CONFIG = `[ca]
default_ca=it
[it]
database=index.txt
new_certs_dir=.
rand_serial=yes
crlnumber=number
default_md=sha256
default_days=40
default_crl_days=7
policy=any
preserve=yes
unique_subject=no
[any]
countryName=optional
organizationName=optional
organizationalUnitName=optional
commonName=optional
`;

/** An HTTP server that gives the list of each authority, for as long as the journey lasts. */
export class Lists {
  static async start(world) {
    const lists = new Lists();
    lists.given = new Map();
    lists.asked = new Set();
    lists.server = http.createServer((request, response) => {
      lists.asked.add(request.url);
      const list = lists.given.get(request.url);
      response.writeHead(list ? 200 : 404).end(list);
    });
    lists.server.listen(await freePort(), '127.0.0.1');
    world.atEnd(() => lists.server.close());
    return lists;
  }

  address(authority) {
    return `http://127.0.0.1:${this.server.address().port}/${authority.name}.crl`;
  }

  put(authority, list) {
    this.given.set(`/${authority.name}.crl`, list);
  }

  /** Every list that is given was fetched. */
  async fetched(seconds = 40) {
    const end = Date.now() + seconds * 1000;
    while ([...this.given.keys()].some((list) => !this.asked.has(list))) {
      if (Date.now() > end) throw new Error(`fetched were only ${[...this.asked]}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What was sent is read and kept a moment later.
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

/** One authority below a root of its own. */
export class Elsewhere {
  constructor(world, name) {
    this.name = name;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-elsewhere.'));
    world.atEnd(() => fs.rmSync(this.folder, { recursive: true, force: true }));
    this.put('ca.cnf', CONFIG);
    this.put('index.txt', '');
    this.put('number', '01');
    const authority = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const root = ['-days', '60', '-subj', `/C=JP/O=${name}/CN=Root`, '-keyout', 'root.key', '-out', 'root.pem'];
    this.openssl('req', '-x509', ...KEY, ...root, ...authority);
    this.openssl('req', '-new', ...KEY, '-subj', `/C=JP/O=${name}/CN=Members`, '-keyout', 'ca.key', '-out', 'ca.csr');
    this.put('ca.ext', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n');
    const above = ['-CA', 'root.pem', '-CAkey', 'root.key', '-days', '50', '-extfile', 'ca.ext'];
    this.openssl('x509', '-req', '-in', 'ca.csr', ...above, '-out', 'ca.pem');
  }

  at(name) {
    return path.join(this.folder, name);
  }

  put(name, content) {
    fs.writeFileSync(this.at(name), content);
  }

  openssl(...args) {
    return run('openssl', args, { cwd: this.folder });
  }

  ca(...args) {
    return this.openssl('ca', '-batch', '-config', 'ca.cnf', '-keyfile', 'ca.key', '-cert', 'ca.pem', ...args);
  }

  /** A certificate whose OU is `unit`, in NAME.pem and NAME.key; `from` and `until` as YYYYMMDDHHMMSSZ. */
  issue(name, { unit, extensions = CLIENT, from, until }) {
    const ou = unit ? `/OU=${unit}` : '';
    const subject = `/C=JP/O=University${ou}/CN=${name}`;
    this.openssl('req', '-new', ...KEY, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    this.put('person.ext', extensions);
    const times = [...(from ? ['-startdate', from] : []), ...(until ? ['-enddate', until] : [])];
    this.ca('-notext', '-in', `${name}.csr`, '-extfile', 'person.ext', ...times, '-out', `${name}.pem`);
    return this.at(name);
  }

  /** The file with which a browser takes a certificate. */
  forBrowser(name) {
    const files = ['-in', `${name}.pem`, '-inkey', `${name}.key`, '-out', `${name}.p12`];
    this.openssl('pkcs12', '-export', ...files, '-name', name, '-passout', `pass:${PIN}`);
    return [this.at(`${name}.p12`), PIN];
  }

  revoke(name) {
    this.ca('-revoke', `${name}.pem`);
  }

  /** Its present list (DER). */
  list(...times) {
    this.ca('-gencrl', ...times, '-out', 'list.pem');
    this.openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der');
    return fs.readFileSync(this.at('list.der'));
  }

  /** `openssl ocsp` on this port, until it is stopped; its register is what it is now. */
  async responder(port) {
    const register = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key'];
    const args = ['ocsp', ...register, '-ndays', '1', '-port', String(port)];
    const running = new Running('openssl', args, { cwd: this.folder });
    // A connection that asks nothing would keep it from all others.
    for (let tries = 0; tries < 200; tries += 1) {
      if (running.log.some((line) => line.includes('waiting for OCSP client'))) return running;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`openssl ocsp does not listen:\n${running.log.join('\n')}`);
  }

  /** Its table in a site document. */
  table(identities, more) {
    const base64 = (name) =>
      fs.readFileSync(this.at(name), 'utf8').match(/BEGIN CERTIFICATE-----([^-]+)-----END/)[1].replace(/\s/g, '');
    const chain = JSON.stringify([base64('ca.pem'), base64('root.pem')]);
    const rules = JSON.stringify(identities);
    return `[[certificates.issuer]]\nname = "${this.name}"\ncertificates = ${chain}\nidentities = ${rules}\n${more}\n`;
  }
}

/** The demo's site takes certificates of these from now on. */
export function take(demo, ...tables) {
  const file = path.join(demo.folder, 'elsewhere.toml');
  fs.writeFileSync(file, `${demo.command('export')}\n${tables.join('\n')}`);
  demo.command('apply', file, '--yes');
}

/** The page's way to a certificate host is gone by curl, which presents NAME.pem and NAME.key, or nothing. */
export async function presentByCurl(page, demo, name) {
  const form = page.locator('form#step', { has: page.locator('#certificate-button') });
  const address = new URL(await form.getAttribute('action'));
  address.searchParams.set('ticket', await form.locator('input[name="ticket"]').inputValue());
  const trust = ['--cacert', path.join(demo.folder, 'demo-tls-ca.pem')];
  const resolve = ['--resolve', `${address.hostname}:${address.port}:127.0.0.1`];
  const shown = name ? ['--cert', `${name}.pem`, '--key', `${name}.key`] : [];
  const curl = ['-sSi', '--noproxy', '*', '--max-time', '15', ...trust, ...resolve, ...shown, address.href];
  const { status, stdout, stderr } = spawnSync('curl', curl, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`curl: ${status}\n${stderr}`);
  const [, back] = /^location: (.*?)\r?$/im.exec(stdout) ?? [];
  if (!back) throw new Error(`nothing leads back:\n${stdout}`);
  await page.goto(back);
}
