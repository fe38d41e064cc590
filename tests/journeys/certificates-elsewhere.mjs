// Certificates of another authority: each fault with its own page, other ways beside it; and in a browser that holds some.

import assert from 'node:assert/strict';
import path from 'node:path';
import { choose, holder, takeAnew } from '../lib/certificates.mjs';
import { Elsewhere, Lists, presentByCurl, take } from '../lib/elsewhere.mjs';
import { journey } from '../lib/journey.mjs';
import { freePort, run } from '../lib/process.mjs';
import { arrived, openService } from '../lib/service.mjs';
import { asksFor, giveCode, giveNameAndPassword, incidentCode, press, text } from '../lib/signin.mjs';

/** Older certificates name people by their present mail address, newer ones by OU. */
const RULES = ['mail until 2023-08-25T16:00:00+09:00', 'organizational_unit'];
const certificateForm = (page) => page.locator('form#step', { has: page.locator('#certificate-button') });
const way = (page, method) => page.locator(`button[name="method"][value="${method}"]`);
const client = (mail) =>
  `extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nsubjectAltName=email:${mail}\n`;

/** From home as far as the step that asks for a certificate. */
async function asked(page, demo, person) {
  await openService(page, demo);
  await giveNameAndPassword(page, person);
  if (!(await certificateForm(page).count())) {
    await Promise.all([page.waitForLoadState('load'), way(page, 'certificate').click()]);
    await page.waitForLoadState('load');
  }
  assert.equal(await certificateForm(page).count(), 1, await text(page));
}

/** Four other authorities that the demo takes: by list, withdrawn, with a stale list, by a responder that is down. */
async function authorities(world, demo) {
  const lists = await Lists.start(world);
  const of = (name) => new Elsewhere(world, name);
  const [national, gone, stale, asking] = ['national', 'gone', 'stale', 'asking'].map(of);
  const port = await freePort();
  const listed = (one) => `lists = ["${lists.address(one)}"]`;
  const person = demo.person('totp');
  national.issue('lost', { unit: person.username });
  national.revoke('lost');
  lists.put(national, national.list());
  lists.put(stale, stale.list('-crl_lastupdate', '20260101000000Z', '-crl_nextupdate', '20260102000000Z'));
  take(
    demo,
    national.table(RULES, listed(national)),
    gone.table(RULES, `${listed(gone)}\nwithdrawn_as_of = "2024-04-01T00:00:00+09:00"`),
    stale.table(RULES, listed(stale)),
    asking.table(RULES, `responders = ["http://127.0.0.1:${port}/"]`),
  );
  await lists.fetched();
  return { national, gone, stale, asking, port };
}

/** Every fault that a certificate can have: its reason, and the files to present. */
function faults(demo, { national, gone, stale, asking }, stranger) {
  const { username } = demo.person('totp');
  const unit = { unit: username };
  const former = { unit: undefined, extensions: client(`former-${username}@mail.example`) };
  const past = { from: '20220401000000Z', until: '20400401000000Z' };
  const mail = 'extendedKeyUsage=emailProtection\nkeyUsage=critical,digitalSignature\n';
  return [
    ['cert.revoked', national.at('lost')],
    ['cert.expired', national.issue('over', { ...unit, from: '20240101000000Z', until: '20250101000000Z' })],
    ['cert.not_yet_valid', national.issue('later', { ...unit, from: '20400101000000Z', until: '20410101000000Z' })],
    ['cert.wrong_purpose', national.issue('for-mail', { ...unit, extensions: mail })],
    ['cert.other_person', national.issue('others', { unit: demo.person('no_factor').username })],
    ['cert.former_account', national.issue('ended', { unit: demo.person('disabled').username })],
    ['cert.no_identity', national.issue('moved', { ...former, ...past })],
    ['cert.withdrawn_issuer', gone.issue('gone', unit)],
    ['cert.unknown_issuer', stranger.issue('strange', unit)],
    ['cert.revocation_unknown', stale.issue('stale', unit)],
    ['cert.status_unanswered', asking.issue('asked', unit)],
    ['cert.not_presented', undefined],
  ];
}

for (const [language, width, right] of [
  ['en', 1024, 'Your password is right'],
  ['ja', 320, 'パスワードは確認できました'],
]) {
  journey(`each fault of a certificate has its own page in ${language} at ${width} px`, async (world) => {
    const demo = await world.demo();
    const person = demo.person('totp');
    const others = await authorities(world, demo);
    const page = await world.browser({ address: demo.address('outside'), language, width });
    await asked(page, demo, person);
    const titles = new Set();
    for (const [reason, name] of faults(demo, others, new Elsewhere(world, 'stranger'))) {
      await presentByCurl(page, demo, name);
      await world.inspect(page, reason);
      const { line } = demo.explain(await incidentCode(page));
      assert.equal(line.reason, reason, await text(page));
      assert.ok((await text(page)).includes(right), `${reason}: ${await text(page)}`);
      assert.ok(await way(page, 'totp').isVisible(), `${reason}: another way stays`);
      titles.add(await page.locator('[role="alert"] a').innerText());
    }
    assert.equal(titles.size, 12, `each has a title of its own: ${[...titles].join(' | ')}`);

    // The responder comes back: it knows one, took back another, and has never heard of a third.
    const { asking, port } = others;
    asking.issue('taken', { unit: person.username });
    asking.revoke('taken');
    asking.issue('known', { unit: person.username });
    const never = asking.issue('never', { unit: person.username });
    const register = run('sed', ['$d', asking.at('index.txt')]);
    asking.put('index.txt', register);
    const responder = await asking.responder(port);
    world.atEnd(() => responder.stop());
    for (const [reason, name] of [['cert.revoked', asking.at('taken')], ['cert.unknown_to_issuer', never]]) {
      await presentByCurl(page, demo, name);
      await world.inspect(page, `answered-${reason}`);
      assert.equal(demo.explain(await incidentCode(page)).line.reason, reason);
    }
    await presentByCurl(page, demo, asking.at('known'));
    await arrived(page, demo, person);
  }, { seconds: 240 });
}

journey('a changed mail address ends a certificate of the old rule, and one of the new rule goes on', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const { national } = await authorities(world, demo);
  const mail = client(`${person.username}@mail.example`);
  const old = national.issue('old', { extensions: mail, from: '20220401000000Z', until: '20400401000000Z' });
  const fresh = national.issue('fresh', { unit: person.username, extensions: mail });
  const comes = async () => {
    const page = await world.browser({ address: demo.address('outside') });
    await asked(page, demo, person);
    return page;
  };
  let page = await comes();
  await presentByCurl(page, demo, old);
  await arrived(page, demo, person);
  run('sh', ['-c', `printf 'username,mail\\n${person.username},new@mail.example\\n' > people.csv`], { cwd: demo.folder });
  demo.command('person', 'import', 'people.csv', '--yes');
  page = await comes();
  await presentByCurl(page, demo, old);
  assert.equal(demo.explain(await incidentCode(page)).line.reason, 'cert.no_identity');
  await presentByCurl(page, demo, fresh);
  await arrived(page, demo, person);
}, { seconds: 150 });

journey('in a browser a wrong certificate of another authority is made good in the same window', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const { national } = await authorities(world, demo);
  national.issue('wrong', { unit: demo.person('no_factor').username });
  national.issue('right', { unit: person.username });
  const files = ['wrong', 'right'].map((name) => national.forBrowser(name));
  const browser = await holder(world, demo, files, 'wrong');
  const page = await world.browser({ browser, address: demo.address('outside') });
  await asked(page, demo, person);
  await press(page, certificateForm(page));
  assert.equal(demo.explain(await incidentCode(page)).line.reason, 'cert.other_person');
  await world.inspect(page, 'wrong');
  choose(demo, 'right');
  await takeAnew(page);
  const end = Date.now() + 40_000;
  while (new URL(page.url()).origin !== demo.service) {
    assert.ok(Date.now() < end, 'the browser did not choose as it was told');
    // The browser takes a changed policy after a moment.
    await page.waitForTimeout(2000);
    await press(page, certificateForm(page));
  }
  await arrived(page, demo, person);
}, { seconds: 150 });

journey('a browser that holds a certificate without its key is told so and goes another way', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const { national } = await authorities(world, demo);
  national.issue('keyless', { unit: person.username });
  const browser = await holder(world, demo, [], 'keyless');
  // The certificate without its key, as somebody has it who imported the wrong file.
  const database = `sql:${path.join(demo.folder, 'browser', '.pki/nssdb')}`;
  run('certutil', ['-A', '-d', database, '-n', 'keyless', '-t', ',,', '-i', national.at('keyless.pem')]);
  const page = await world.browser({ browser, address: demo.address('outside'), language: 'ja' });
  await asked(page, demo, person);
  await press(page, certificateForm(page));
  assert.equal(demo.explain(await incidentCode(page)).line.reason, 'cert.not_presented', await text(page));
  await world.inspect(page, 'keyless');
  await Promise.all([page.waitForLoadState('load'), way(page, 'totp').click()]);
  await page.waitForLoadState('load');
  assert.ok(await asksFor(page, 'code'));
  await giveCode(page, person);
  await arrived(page, demo, person);
}, { seconds: 150 });
