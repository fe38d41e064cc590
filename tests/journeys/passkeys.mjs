// Passkeys in a real browser, with a device that it pretends to have.

import assert from 'node:assert/strict';
import { generateKeyPair as callback } from 'node:crypto';
import { promisify } from 'node:util';
import { journey } from '../lib/journey.mjs';
import { device, passkeyButton, saidOfPasskey, usePasskey } from '../lib/passkey.mjs';
import { arrived, openService } from '../lib/service.mjs';
import { asksFor, giveNameAndPassword, incidentCode, press, step, text } from '../lib/signin.mjs';

const generateKeyPair = promisify(callback);
const base64url = (text) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const ownForm = (page) => page.locator('form#step');

/** Somebody without a proof registers a passkey, on campus; the device stays in that browser. */
async function registered(world, demo, options = {}) {
  const { language = 'en', width = 1024, look = async () => {}, offers = false } = options;
  const person = { ...demo.person('no_factor') };
  const page = await world.browser({ address: demo.address('campus'), language, width });
  const held = await device(page, { offers });
  // What the account page tells the browser about which passkeys there are.
  await page.context().addInitScript(() => {
    if (window.PublicKeyCredential) {
      PublicKeyCredential.signalAllAcceptedCredentials = async (what) => { window.accepted = what; };
    }
  });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await page.goto(new URL('/portal/passkey', demo.issuer).href);
  await look(page, 'register');
  await usePasskey(page, held);
  // Recovery codes come with the first proof.
  assert.match(page.url(), /\/portal\/recovery-codes/, await text(page));
  await press(page, ownForm(page));
  await look(page, 'overview');
  const [passkey] = await held.passkeys();
  assert.equal(passkey.rpId, 'localhost');
  const accepted = await page.evaluate(() => window.accepted);
  assert.equal(accepted.rpId, 'localhost');
  assert.equal(accepted.userId, base64url(passkey.userHandle));
  assert.deepEqual(accepted.allAcceptedCredentialIds, [base64url(passkey.credentialId)]);
  assert.ok(passkey.isResidentCredential, 'it can be offered without a name');
  return { person, page, held, passkey };
}

/** Signed out, and at home from now on. */
async function atHome(page, demo) {
  await page.context().clearCookies();
  await page.context().setExtraHTTPHeaders({ 'X-Forwarded-For': demo.address('outside') });
}

const reasonOf = (demo, code) => demo.explain(code).line.reason;

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`a passkey is registered, used, renamed and removed in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const look = (page, name) => world.inspect(page, name);
      const { person, page, held } = await registered(world, demo, { language, width, look });
      const row = page.locator('li.row', { hasText: language === 'ja' ? 'パスキー' : 'Passkey' });
      assert.match(await row.innerText(), /Chrom/, 'it is named by itself');
      await row.locator('a[href*="/rename/"]').click();
      await page.locator('#label').fill('机の Laptop');
      await look(page, 'rename');
      await press(page, ownForm(page));
      assert.match(await text(page), /机の Laptop/);

      await atHome(page, demo);
      await openService(page, demo);
      await passkeyButton(page).waitFor();
      await look(page, 'user-name');
      await step(page, 'username', person.username);
      await passkeyButton(page).waitFor();
      await look(page, 'password');
      await step(page, 'password', person.password);
      await passkeyButton(page).waitFor();
      await look(page, 'one-more-proof');
      await usePasskey(page, held);
      await arrived(page, demo, person);

      await page.goto(new URL('/portal', demo.issuer).href);
      await row.locator('a[href*="/remove"]').click();
      await page.waitForLoadState('load');
      if (await passkeyButton(page).count()) await usePasskey(page, held);
      await look(page, 'remove');
      await press(page, ownForm(page));
      await look(page, 'removed');
      // At home nobody is let in without it; on campus the account page tells the browser that it is gone.
      await page.context().setExtraHTTPHeaders({ 'X-Forwarded-For': demo.address('campus') });
      await page.goto(demo.portal);
      const left = await page.evaluate(() => window.accepted.allAcceptedCredentialIds);
      assert.deepEqual(left, [], 'the browser is told that it is gone');

      // The device still has it, and the browser is told to forget it.
      await page.context().addInitScript(() => {
        window.forgotten = [];
        if (window.PublicKeyCredential) {
          PublicKeyCredential.signalUnknownCredential = async (what) => window.forgotten.push(what);
        }
      });
      await atHome(page, demo);
      await openService(page, demo);
      await usePasskey(page, held);
      await look(page, 'unknown');
      const reason = await page.locator('section[data-reason]').getAttribute('data-reason');
      assert.equal(reason, 'passkey.unknown', await text(page));
      const [forgotten] = await page.evaluate(() => window.forgotten);
      assert.equal(forgotten?.rpId, 'localhost');
      assert.ok(await asksFor(page, 'username'), 'the other way is one step away');
    }, { seconds: 400 });
  }
}

journey('a passkey that the browser offers in the user name field is enough', async (world) => {
  const demo = await world.demo();
  const { person, page, held } = await registered(world, demo, { offers: true });
  await atHome(page, demo);
  // Chosen from the list of the field: the pretended device answers as soon as the page offers it, and nobody presses
  // anything.
  await held.touched(true);
  await openService(page, demo);
  await arrived(page, demo, person);
}, { seconds: 240 });

journey('the button is enough as well, without a name or a password', async (world) => {
  const demo = await world.demo();
  const { person, page, held } = await registered(world, demo);
  await atHome(page, demo);
  await openService(page, demo);
  const options = JSON.parse(await passkeyButton(page).getAttribute('data-passkey'));
  assert.deepEqual(options.allowCredentials, [], 'nobody is named before anybody is known');
  await usePasskey(page, held);
  await arrived(page, demo, person);
}, { seconds: 240 });

journey('the passkey on the paper of the demo signs its person in from home, and in no other hands', async (world) => {
  const demo = await world.demo();
  const person = demo.person('passkey');
  for (const browser of ['first', 'second']) {
    const page = await world.browser({ address: demo.address('outside') });
    const held = await device(page);
    await held.keep(person.passkey);
    await openService(page, demo);
    await usePasskey(page, held);
    await arrived(page, demo, person);
    await page.goto(new URL('/portal', demo.issuer).href);
    await world.inspect(page, `account-${browser}`);
  }
  // Whoever only knows which one it is has no key that fits.
  const { privateKey } = await generateKeyPair('ec', { namedCurve: 'P-256' });
  const other = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  const page = await world.browser({ address: demo.address('outside') });
  const held = await device(page);
  await held.keep({ ...person.passkey, private_key_pkcs8: other });
  await openService(page, demo);
  await usePasskey(page, held);
  const reason = await page.locator('section[data-reason]').getAttribute('data-reason');
  assert.equal(reason, 'passkey.refused', await text(page));
}, { seconds: 240 });

journey('a passkey that was not used costs nothing, and the other ways stay', async (world) => {
  const demo = await world.demo();
  const { person, page, held } = await registered(world, demo);
  await atHome(page, demo);
  await openService(page, demo);
  // The pretended device has no window that could be closed: what a page hears of it is pretended as well.
  for (const [took, said] of [[0, /no passkey/], [1200, /was not used/]]) {
    await page.evaluate((milliseconds) => {
      const closed = () => new DOMException('', 'NotAllowedError');
      navigator.credentials.get = () =>
        new Promise((_, reject) => setTimeout(() => reject(closed()), milliseconds));
    }, took);
    await passkeyButton(page).click();
    await page.waitForFunction((text) => new RegExp(text).test(document.body.innerText), said.source);
  }
  await world.inspect(page, 'cancelled');
  await giveNameAndPassword(page, person);
  await usePasskey(page, held);
  await arrived(page, demo, person);
}, { seconds: 240 });

journey('a browser without a passkey hears where it may be', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside') });
  const held = await device(page);
  await held.touched(true);
  await openService(page, demo);
  await passkeyButton(page).click();
  assert.match(await saidOfPasskey(page), /no passkey|was not used/);
  await world.inspect(page, 'none-here');
  assert.ok(await asksFor(page, 'username'));
});

journey('at another address the browser itself refuses, and the page says so', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside') });
  await device(page);
  const other = new URL(demo.issuer);
  other.hostname = '127.0.0.1';
  await page.goto(new URL('/portal', other).href);
  await passkeyButton(page).click();
  assert.match(await saidOfPasskey(page), /at this address/);
});

journey('a copy of a passkey, a replayed answer and an unchecked holder are refused', async (world) => {
  const demo = await world.demo();
  const { person, page, held } = await registered(world, demo);
  await atHome(page, demo);
  await openService(page, demo);
  const posted = page.waitForRequest((request) => request.method() === 'POST');
  await usePasskey(page, held);
  await arrived(page, demo, person);
  const answer = (await posted).postData();

  // The same form once more, by somebody who has no session any more.
  await atHome(page, demo);
  const replayed = await page.request.post(new URL('/login', demo.issuer).href, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    data: answer,
    maxRedirects: 5,
  });
  assert.ok(!replayed.url().startsWith(demo.service), replayed.url());

  // A copy that was made before the last use.
  await held.wind(-1);
  await openService(page, demo);
  await usePasskey(page, held);
  const refused = await incidentCode(page);
  assert.equal(reasonOf(demo, refused), 'passkey.copied', await text(page));
  assert.doesNotMatch(await text(page), /copy/, 'its owner is told, and nobody else');
  for (let tries = 0; tries < 20; tries += 1) {
    await page.goto(demo.mail);
    if (/there may be a copy/.test(await text(page))) break;
    await page.waitForTimeout(500);
  }
  assert.match(await text(page), /there may be a copy/);

  // A page that asks for less than it must.
  await held.wind(100);
  await atHome(page, demo);
  await openService(page, demo);
  await held.recognises(false);
  await passkeyButton(page).evaluate((button) => {
    const options = { ...JSON.parse(button.dataset.passkey), userVerification: 'discouraged' };
    button.dataset.passkey = JSON.stringify(options);
  });
  await usePasskey(page, held);
  const unchecked = await page.locator('section[data-reason]').getAttribute('data-reason');
  assert.equal(unchecked, 'passkey.unverified', await text(page));
}, { seconds: 240 });

journey('without scripts nobody misses a passkey, and the portal says what it needs', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('campus'), javascript: false });
  await page.goto(demo.portal);
  assert.ok(!(await passkeyButton(page).isVisible()));
  await giveNameAndPassword(page, person);
  await page.goto(new URL('/portal/passkey', demo.issuer).href);
  assert.match(await text(page), /needs JavaScript/);
  await world.inspect(page, 'no-script');
});
