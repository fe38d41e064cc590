// H. Client certificates: of the site's own authority, and of others.

import { ownCertificate, present, signedByItself } from './lib/authority.mjs';
import { absorbed, cause, notYet } from './lib/cause.mjs';

/** At the step that asks for a certificate, presenting what `held` gives. */
async function presenting(visit, held) {
  visit.lab.enrol(visit.person, 'holders');
  visit.good ??= ownCertificate(visit.lab, visit.person.username);
  await visit.identify();
  await present(visit.page, await held(visit));
  await visit.follow();
}

/** What the page says: the same step again, with the right one, on a host that the browser has not met. */
async function right(visit) {
  await present(visit.page, visit.good);
  await visit.follow();
}

/** One of the site's own authority, with something wrong. */
const own = (number, what, reason, held) =>
  cause(number, what, { reason, stage: (visit) => presenting(visit, held), next: right });

/** One of an authority of elsewhere. */
const elsewhere = (number, what, reason, name, held) =>
  own(number, what, reason, (visit) => held(visit.lab.authority(name), visit.person));

own(82, 'No certificate is presented', 'cert.not_presented', () => undefined);

own(83, 'The certificate of somebody else', 'cert.other_person', (visit) =>
  ownCertificate(visit.lab, visit.lab.somebody().username));

own(84, 'The certificate of a former account', 'cert.former_account', (visit) => {
  const former = visit.lab.somebody().username;
  const held = ownCertificate(visit.lab, former);
  visit.demo.command('person', 'disable', former);
  return held;
});

elsewhere(85, 'It names a mail address that has changed since', 'cert.no_identity', 'by-mail', (authority, person) =>
  authority.issue('Somebody', { mail: `${person.username}@former.example` }));

elsewhere(87, 'The certificate has expired', 'cert.expired', 'national', (authority, person) =>
  authority.issue(person.username, { from: -760, until: -1 }));

own(88, 'The certificate was revoked', 'cert.revoked', (visit) => {
  const held = ownCertificate(visit.lab, visit.person.username);
  visit.demo.command('certificate', 'revoke', held.issued.serial);
  return held;
});

elsewhere(89, 'An issuer that was withdrawn', 'cert.withdrawn_issuer', 'withdrawn', (authority, person) =>
  authority.issue(person.username));

notYet(90, 'Imported without its key', 'The browser offers nothing, or ends the handshake: to the server that is 82.');

elsewhere(91, 'A certificate for mail only', 'cert.wrong_purpose', 'national', (authority, person) =>
  authority.issue(person.username, { use: 'mailonly' }));

absorbed(92, 'The browser remembers a wrong choice', {
  counts: true,
  async stage(visit) {
    const hosts = new Set();
    const note = async () => hosts.add(new URL(await visit.page.locator('form#step').first().getAttribute('action')).host);
    visit.good = ownCertificate(visit.lab, visit.person.username);
    await visit.identify();
    await note();
    await present(visit.page, undefined);
    await visit.follow();
    await note();
    if (hosts.size !== 2) throw new Error('the second try is at the host of the first');
    await right(visit);
  },
});

notYet(94, 'The PIN of the file or of the key store is wrong', 'It happens on the device; the guides name where the PIN is.');

elsewhere(96, 'Of an authority that nobody here knows', 'cert.unknown_issuer', 'unlisted', (authority, person) =>
  authority.issue(person.username));

own(97, 'Signed by itself and expired, for which TLS elsewhere ends with the browser’s own error page', 'cert.unknown_issuer', (visit) =>
  signedByItself(visit.lab, visit.person.username));

elsewhere(99, 'The revocation list cannot be had', 'cert.revocation_unknown', 'silent', (authority, person) =>
  authority.issue(person.username));

elsewhere(981, 'The certificate begins later', 'cert.not_yet_valid', 'national', (authority, person) =>
  authority.issue(person.username, { from: 5 }));
