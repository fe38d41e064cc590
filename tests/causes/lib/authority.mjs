// Authorities of elsewhere, made with OpenSSL, and people's certificates of theirs; what a browser presents.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { run } from '../../lib/process.mjs';

const DAY = 86_400_000;
const moment = (time) => `${new Date(time).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;

const CONFIG = `
[ca]
default_ca = here
[here]
dir = .
database = index.txt
rand_serial = yes
default_md = sha256
default_crl_days = 30
crlnumber = crlnumber
crl_extensions = list
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
policy = any
copy_extensions = none
unique_subject = no
[list]
authorityKeyIdentifier = keyid
[any]
commonName = supplied
[person]
basicConstraints = CA:false
keyUsage = digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = $ENV::NAMES
[mailonly]
basicConstraints = CA:false
keyUsage = digitalSignature
extendedKeyUsage = emailProtection
subjectAltName = $ENV::NAMES
`;

/** One authority in a folder of its own; `list` serves its revocation list, or not. */
export class Authority {
  constructor(folder, name, { list = true, more = '', rule = 'common_name' } = {}) {
    Object.assign(this, { name, list, more, rule, count: 0, folder: path.join(folder, name) });
    fs.mkdirSync(this.folder);
    fs.writeFileSync(path.join(this.folder, 'index.txt'), '');
    fs.writeFileSync(path.join(this.folder, 'crlnumber'), '1000\n');
    fs.writeFileSync(path.join(this.folder, 'openssl.cnf'), CONFIG);
    this.openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key',
      '-out', 'ca.pem', '-days', '900', '-subj', `/CN=Authority ${name}`,
      '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  }

  openssl(...words) {
    const env = { ...process.env, NAMES: 'email:none@mail.example', ...this.env };
    return run('openssl', words, { cwd: this.folder, env });
  }

  /** Serve the revocation list. */
  async start(world) {
    const server = http.createServer((_, response) => {
      if (!this.list) {
        response.writeHead(503).end();
        return;
      }
      this.openssl('ca', '-config', 'openssl.cnf', '-gencrl', '-out', 'list.pem');
      this.openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.crl');
      response.writeHead(200, { 'content-type': 'application/pkix-crl' });
      response.end(fs.readFileSync(path.join(this.folder, 'list.crl')));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = server.address().port;
    world.atEnd(() => new Promise((resolve) => server.close(resolve)));
  }

  /** Its part of the site document. */
  document() {
    return [
      '[[certificates.issuer]]',
      `name = "${this.name}"`,
      `certificates_file = "${path.join(this.folder, 'ca.pem')}"`,
      `identities = ["${this.rule}"]`,
      'groups = ["holders"]',
      `lists = ["http://127.0.0.1:${this.port}/list.crl"]`,
      this.more,
    ].join('\n');
  }

  /** A certificate of somebody: what a browser would hold. `from` and `until` in days from now. */
  issue(name, { from = -1, until = 300, mail = 'none@mail.example', use = 'person' } = {}) {
    this.count += 1;
    const file = `person-${this.count}`;
    this.env = { NAMES: `email:${mail}` };
    this.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
      '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${name}`);
    this.openssl('ca', '-batch', '-notext', '-config', 'openssl.cnf', '-extensions', use, '-in', `${file}.csr`,
      '-out', `${file}.pem`, '-startdate', moment(Date.now() + from * DAY), '-enddate', moment(Date.now() + until * DAY));
    const read = (kind) => fs.readFileSync(path.join(this.folder, `${file}.${kind}`));
    return { file: `${file}.pem`, cert: read('pem'), key: read('key') };
  }

  /** Take one back. */
  revoke({ file }) {
    this.openssl('ca', '-config', 'openssl.cnf', '-revoke', file);
  }
}

/** A certificate of the site's own authority, from the desk. */
export function ownCertificate(lab, username) {
  const file = path.join(lab.folder, `${username}-${lab.handedOut}.p12`);
  lab.handedOut += 1;
  const issued = JSON.parse(lab.demo.command('certificate', 'issue', username, file, '--json'));
  return { pfx: fs.readFileSync(file), passphrase: issued.pin, issued };
}

/** A certificate that nobody issued: signed with its own key, and over since yesterday. */
export function signedByItself(lab, name) {
  const file = (kind) => path.join(lab.folder, `itself-${name}.${kind}`);
  run('faketime', ['9 days ago', 'openssl', 'req', '-x509', '-days', '8', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-addext', 'extendedKeyUsage=clientAuth',
    '-keyout', file('key'), '-out', file('pem')]);
  return { cert: fs.readFileSync(file('pem')), key: fs.readFileSync(file('key')) };
}

/**
 * From now on the browser presents `held` (a key and certificate, or nothing) where it is asked for one. The
 * connection is made by this program, since nobody sits before a headless browser to choose; the browser goes on with
 * the answer.
 */
export async function present(page, held) {
  const context = page.context();
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await context.route(/^https:\/\/[^/]*cert\.localhost:/, async (route) => {
    const url = new URL(route.request().url());
    const answer = await asked(url, held);
    await route.fulfill(answer);
  });
}

function asked(url, held) {
  const options = {
    host: '127.0.0.1',
    port: url.port,
    servername: url.hostname,
    path: url.pathname + url.search,
    headers: { host: url.host },
    rejectUnauthorized: false,
    agent: false,
    ...(held?.pfx ? { pfx: held.pfx, passphrase: held.passphrase } : { cert: held?.cert, key: held?.key }),
  };
  return new Promise((resolve, reject) => {
    const request = https.request(options, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => {
        const { location, 'content-type': type = 'text/plain' } = response.headers;
        const headers = location ? { location } : { 'content-type': type };
        resolve({ status: response.statusCode, headers, body: Buffer.concat(pieces) });
      });
    });
    request.on('error', reject);
    request.end();
  });
}
