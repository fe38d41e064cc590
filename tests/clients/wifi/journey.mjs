// The campus Wi-Fi: EAP-TLS with certificates of our authority, before a real FreeRADIUS.

import assert from 'node:assert/strict';
import path from 'node:path';
import { journey } from '../../lib/journey.mjs';
import { run } from '../../lib/process.mjs';
import { FreeRadius, ofGuide } from './freeradius.mjs';

/** The stated numbers: FreeRADIUS reads lists again by itself, which takes five minutes. */
const FULL = process.env.SEKIMORI_TEST_VOLUME === 'full';

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** A demo, and a certificate of it for somebody, in a file. */
async function campus(world) {
  const demo = await world.demo();
  const radius = await FreeRadius.prepare(demo);
  world.atEnd(() => radius.end());
  const { username } = demo.person('totp');
  const issue = (name) => {
    const file = path.join(demo.folder, name);
    const { pin } = JSON.parse(demo.command('certificate', 'issue', username, file, '--json'));
    return { file, pin, identity: username };
  };
  return { demo, radius, issue };
}

/** What OpenSSL says about the certificate in a PKCS#12 file. */
function told({ file, pin }, ...words) {
  const bag = ['pkcs12', '-in', file, '-passin', `pass:${pin}`, '-nokeys', '-clcerts'];
  return run('openssl', ['x509', '-noout', ...words], { input: run('openssl', bag) });
}

/** The certificate of an authority that nobody here knows, with the same names in it. */
function stranger(radius, { identity }) {
  const [key, certificate, file] = ['key', 'pem', 'p12'].map((end) => radius.file(`stranger.${end}`));
  run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${identity}`, '-addext', 'extendedKeyUsage=clientAuth', '-keyout', key, '-out', certificate],
  ]);
  const pack = ['pkcs12', '-export', '-inkey', key, '-in', certificate, '-out', file, '-passout', 'pass:1234'];
  run('openssl', pack);
  return { file, pin: '1234', identity };
}

function refused(answer, why) {
  assert.equal(answer.accepted, false, answer.said);
  assert.match(answer.radius, why);
  assert.match(answer.radius, /Sent Access-Reject/);
}

/** Take a certificate back, and wait until lists and answers say so. */
async function revoke(demo, held) {
  const serial = told(held, '-serial').trim().replace('serial=', '');
  demo.command('certificate', 'revoke', serial, '--reason', 'key-compromise');
  await pause(2.1);
}

const LISTS = 'Wi-Fi: in with a certificate of ours until a list takes it back; nobody else, and nobody without a list';

journey(LISTS, async (world) => {
  const { demo, radius, issue } = await campus(world);
  const [lost, kept] = [issue('lost.p12'), issue('kept.p12')];
  const list = demo.certificate.crl_url;
  assert.ok(told(lost, '-ext', 'crlDistributionPoints').includes(list));
  await radius.start();
  refused(await radius.connect(lost), /unable to get certificate CRL/);
  radius.fetchLists([list]);
  for (const tls of ['1.2', '1.3']) {
    const answer = await radius.connect({ ...lost, tls });
    assert.ok(answer.accepted, `${answer.said}\n${answer.radius}`);
    assert.equal(answer.version, `TLSv${tls}`);
  }
  refused(await radius.connect(stranger(radius, lost)), /self.signed certificate|unable to get local issuer/);
  refused(await radius.connect({ ...lost, identity: 'somebody-else' }), /does not match/);

  await revoke(demo, lost);
  radius.fetchLists([list]);
  if (FULL) await pause(301);
  else await radius.restart();
  for (const tls of ['1.2', '1.3']) {
    refused(await radius.connect({ ...lost, tls }), /certificate revoked/);
  }
  assert.ok((await radius.connect(kept)).accepted, 'the other one of the same person holds');
}, { seconds: FULL ? 420 : 120 });

journey('Wi-Fi: who trusts the root alone wants its list too', async (world) => {
  const { demo, radius, issue } = await campus(world);
  const held = issue('held.p12');
  const { crl_url: list, root_crl_url: above } = demo.certificate;
  radius.trustRootAlone();
  const change = (text) => text.replace(/^( *)check_crl = yes\n/m, '$&$1check_all_crl = yes\n');
  radius.fetchLists([list]);
  await radius.start({ change });
  refused(await radius.connect(held), /unable to get certificate CRL/);
  radius.fetchLists([list, above]);
  await radius.restart();
  const answer = await radius.connect(held);
  assert.ok(answer.accepted, `${answer.said}\n${answer.radius}`);
  await revoke(demo, held);
  radius.fetchLists([list, above]);
  await radius.restart();
  refused(await radius.connect(held), /certificate revoked/);
}, { seconds: 120 });

journey('Wi-Fi: by OCSP a certificate is refused as soon as it is taken back, and everybody while nobody answers', async (world) => {
  const { demo, radius, issue } = await campus(world);
  const [lost, kept] = [issue('lost.p12'), issue('kept.p12')];
  assert.ok(told(lost, '-ext', 'authorityInfoAccess').includes(demo.certificate.ocsp_url));
  const ocsp = ofGuide('        ocsp {');
  await radius.start({ change: (text) => text.replace(/^ *check_crl = yes\n/m, ocsp) });
  const before = await radius.connect(lost);
  assert.ok(before.accepted, `${before.said}\n${before.radius}`);
  await revoke(demo, lost);
  refused(await radius.connect(lost), /revoked/);
  assert.ok((await radius.connect(kept)).accepted);
  await demo.running.stop();
  refused(await radius.connect(kept), /connect error/);
}, { seconds: 120 });
