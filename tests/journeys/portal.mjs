// One's own account: what it shows, what can be changed there, in both languages, on a desk and on a phone.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { tabTo } from '../lib/keyboard.mjs';
import { arrived, moveTo, openService, signIn } from '../lib/service.mjs';
import {
  asksFor, giveCode, giveNameAndPassword, incidentCode, pace, press, step, text,
} from '../lib/signin.mjs';
import { freshCode } from '../lib/totp.mjs';

const NEW_PASSWORD = 'seven copper bridges 29 north';

/** Follow a link by where it leads, and prove again what the page asks for. */
async function open(page, demo, person, path) {
  await page.goto(new URL(path, demo.issuer).href);
  if (await asksFor(page, 'username')) await step(page, 'username', person.username);
  if (await asksFor(page, 'password')) await step(page, 'password', person.password);
  if (person.totp_secret && (await asksFor(page, 'code')) && !(await isRegistering(page))) {
    await giveCode(page, person);
  }
}

/** The page shows the secret of a new app. */
const isRegistering = async (page) => (await page.locator('code.secret').count()) > 0;

/** The page's own form. */
const ownForm = (page) => page.locator('form#step');

/** Register an authenticator app for somebody who has none; `look` is called at each page. */
async function registerApp(page, demo, person, look = async () => {}) {
  await open(page, demo, person, '/portal/totp');
  assert.ok(await isRegistering(page), `no secret is shown at ${page.url()}:\n${await text(page)}`);
  await look('register');
  const secret = await page.locator('code.secret').getAttribute('data-value');
  await step(page, 'code', '000000');
  assert.ok(await isRegistering(page), 'a wrong code ended the registration');
  assert.equal(await page.locator('code.secret').getAttribute('data-value'), secret);
  await look('register-wrong-code');
  person.totp_secret = secret.replaceAll(' ', '');
  await step(page, 'code', await freshCode(person));
}

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`the account can be kept in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = { ...demo.person('no_factor') };
      const page = await world.browser({ address: demo.address('campus'), language, width });
      const look = (name) => world.inspect(page, name);
      await page.goto(demo.portal);
      await step(page, 'username', person.username);
      await step(page, 'password', 'not this one at all');
      const refused = await incidentCode(page);
      assert.ok(refused);
      await look('refused');
      await pace(page);
      await step(page, 'password', person.password);
      await look('overview');
      assert.ok((await text(page)).includes(refused), 'the history lacks the failed attempt');
      await registerApp(page, demo, person, look);
      // Ten codes come with the first app.
      const sheet = page.locator('ol.codes li');
      if ((await sheet.count()) === 0) await open(page, demo, person, '/portal/recovery-codes');
      assert.equal(await sheet.count(), 10, await text(page));
      await look('recovery-codes');
      await press(page, ownForm(page));
      await look('overview-with-app');
      await page.locator('a[href*="/portal/factor/remove"]').first().click();
      await page.waitForLoadState('load');
      if (await asksFor(page, 'code')) await giveCode(page, person);
      await look('remove');
      await open(page, demo, person, '/portal/password');
      await look('password');
      await page.locator('#new-password').fill('password');
      await press(page, ownForm(page));
      assert.match(await page.title(), language === 'ja' ? /エラー/ : /^Error: /);
      await look('password-refused');
      await page.locator('#new-password').fill(NEW_PASSWORD);
      await press(page, ownForm(page));
      await look('password-changed');
      for (const path of ['/portal/consents', '/portal/ticket', '/help', '/demo/networks', '/portal/nowhere']) {
        await page.goto(new URL(path, demo.issuer).href);
        await look(path.split('/').at(-1));
      }
      await page.goto(demo.mail);
      await look('mails');
      await page.goto(new URL('/portal/sign-out', demo.issuer).href);
      await look('sign-out');
      await press(page, ownForm(page));
      await look('signed-out');
    }, { seconds: 400 });
  }
}

journey('an app that was registered on campus opens the way in from home', async (world) => {
  const demo = await world.demo();
  const person = { ...demo.person('no_factor') };
  const page = await world.browser({ address: demo.address('campus') });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await registerApp(page, demo, person);
  const home = await world.browser({ address: demo.address('outside') });
  await signIn(home, demo, person);
}, { seconds: 240 });

journey('a changed password ends the other sessions, and the new one counts', async (world) => {
  const demo = await world.demo();
  const person = { ...demo.person('no_factor') };
  const [page, other] = [
    await world.browser({ address: demo.address('campus') }),
    await world.browser({ address: demo.address('campus') }),
  ];
  await signIn(other, demo, person);
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await open(page, demo, person, '/portal/password');
  await page.locator('#new-password').fill(NEW_PASSWORD);
  await press(page, ownForm(page));
  await other.goto(demo.portal);
  assert.ok(await asksFor(other, 'username'), 'the other session is still open');
  await giveNameAndPassword(other, person);
  assert.ok(await asksFor(other, 'password'), 'the old password still counts');
  await step(other, 'password', NEW_PASSWORD);
  assert.match(await text(other), new RegExp(person.username));
}, { seconds: 240 });

for (const [language, width] of [['en', 1024], ['ja', 320]]) {
  journey(`about a changed password "this was not me" ends all sign-ins, in ${language}`, async (world) => {
    const demo = await world.demo();
    const person = { ...demo.person('no_factor') };
    const page = await world.browser({ address: demo.address('campus'), language, width });
    await page.goto(demo.mail);
    assert.doesNotMatch(await text(page), /not-me/, 'mail before anybody did anything');
    await page.goto(demo.portal);
    await giveNameAndPassword(page, person);
    await open(page, demo, person, '/portal/password');
    await page.locator('#new-password').fill('password');
    await press(page, ownForm(page));
    await page.reload();
    assert.ok((await page.locator('.field.failed').count()) > 0, 'a reload forgets what was wrong');
    await page.locator('#new-password').fill(NEW_PASSWORD);
    await press(page, ownForm(page));
    const link = /https?:\/\/\S+\/not-me\/[\w-]+/;
    await page.goto(demo.mail);
    for (let tries = 0; tries < 20 && !link.test(await text(page)); tries += 1) {
      await page.waitForTimeout(250);
      await page.reload();
    }
    await page.goto(link.exec(await text(page))[0]);
    await world.inspect(page, 'asked');
    await press(page, ownForm(page));
    assert.equal(await ownForm(page).count(), 0, 'it can be pressed once');
    await world.inspect(page, 'done');
    await page.goto(demo.portal);
    assert.ok(await asksFor(page, 'username'), 'the session is still open');
    await step(page, 'username', person.username);
    await step(page, 'password', NEW_PASSWORD);
    await world.inspect(page, 'history');
  }, { seconds: 240 });
}

journey('the account is kept by keyboard alone', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('campus') });
  await page.goto(demo.portal);
  const enter = async () => {
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.waitForLoadState('load');
  };
  const type = async (token, value) => {
    await tabTo(page, (stop) => stop.autocomplete.includes(token));
    await page.keyboard.type(value);
    await enter();
  };
  const follow = async (tag, words) => {
    await tabTo(page, (stop) => stop.tag === tag && words.test(stop.text), { most: 60 });
    await enter();
  };
  await type('username', person.username);
  await type('current-password', person.password);
  assert.equal(new URL(page.url()).pathname, '/portal');
  await follow('a', /authenticator app/i);
  assert.ok(await isRegistering(page), await text(page));
  await follow('a', /^Cancel$/);
  await follow('a', /password/i);
  await type('new-password', 'password');
  assert.match(await page.title(), /^Error: /);
  await type('new-password', NEW_PASSWORD);
  assert.equal(new URL(page.url()).pathname, '/portal', await text(page));
  await follow('a', /^Sign out$/);
  await follow('button', /sign out/i);
  await page.goto(demo.portal);
  assert.ok(await asksFor(page, 'username'), 'still signed in');
}, { seconds: 240 });

for (const [language, width] of [['en', 1024], ['ja', 320]]) {
  journey(`the end of a session is told in time and put off with one click, in ${language}`, async (world) => {
    const demo = await world.demo();
    const person = demo.person('no_factor');
    const page = await world.browser({ address: demo.address('campus'), language, width });
    await page.clock.install();
    await page.goto(demo.portal);
    await giveNameAndPassword(page, person);
    await open(page, demo, person, '/portal/password');
    const field = page.locator('#new-password');
    await field.fill(NEW_PASSWORD);
    const told = page.locator('.ending');
    await page.clock.fastForward('50:00');
    assert.equal((await told.innerText()).trim(), '');
    await page.clock.fastForward('07:10');
    await told.locator('button.stay').waitFor({ state: 'visible' });
    const box = await told.boundingBox();
    assert.ok(box.x >= 16 && box.x + box.width <= width - 16, `it touches the edges: ${JSON.stringify(box)}`);
    await world.inspect(page, 'soon');
    const asked = page.waitForResponse((response) => new URL(response.url()).pathname === '/portal');
    await told.locator('button.stay').click();
    assert.equal((await asked).status(), 200);
    await told.locator('button.stay').waitFor({ state: 'hidden' });
    assert.equal(await field.inputValue(), NEW_PASSWORD, 'what was typed is gone');
    await page.clock.fastForward('30:00');
    assert.equal((await told.innerText()).trim(), '', 'it was not put off');
    await page.clock.fastForward('31:00');
    await page.waitForFunction(() => document.querySelector('.ending.shown'));
    assert.ok(await told.locator('button.stay').isHidden());
    await world.inspect(page, 'over');
    assert.equal(await field.inputValue(), NEW_PASSWORD);
  }, { seconds: 240 });
}

journey('a reminder is put off', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('campus'), javascript: false });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, demo.person('no_factor'));
  assert.equal(await page.locator('.suggestion').count(), 1);
  await page.locator('.suggestion a[href*="later="]').click();
  await page.waitForLoadState('load');
  assert.equal(await page.locator('.suggestion').count(), 0);
  await page.reload();
  assert.equal(await page.locator('.suggestion').count(), 0);
});

journey('sessions elsewhere can be ended', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const [page, other] = [
    await world.browser({ address: demo.address('campus') }),
    await world.browser({ address: demo.address('vpn') }),
  ];
  await signIn(other, demo, person);
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  assert.ok((await page.locator('#sessions li.row').count()) >= 2);
  const end = page.locator('#sessions button[value="others"]');
  await Promise.all([page.waitForNavigation(), end.click()]);
  assert.equal(await page.locator('#sessions li.row').count(), 1);
  await other.goto(demo.portal);
  assert.ok(await asksFor(other, 'username'), 'the other session is still open');
}, { seconds: 240 });

journey('from home without a factor nobody can register one', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('campus') });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await moveTo(page, demo.address('outside'));
  await open(page, demo, person, '/portal/totp');
  assert.ok(!(await isRegistering(page)), 'a password thief could register an app');
  await world.inspect(page, 'explained');
});

journey('without JavaScript an app is registered and the codes are shown', async (world) => {
  const demo = await world.demo();
  const person = { ...demo.person('no_factor') };
  const page = await world.browser({ address: demo.address('campus'), javascript: false });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await registerApp(page, demo, person);
  await open(page, demo, person, '/portal/recovery-codes');
  assert.equal(await page.locator('ol.codes li').count(), 10, await text(page));
}, { seconds: 240 });

journey('a recovery code leads in from home when the app is lost', async (world) => {
  const demo = await world.demo();
  const person = { ...demo.person('no_factor') };
  const page = await world.browser({ address: demo.address('campus') });
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await registerApp(page, demo, person);
  const sheet = page.locator('ol.codes li');
  if ((await sheet.count()) === 0) await open(page, demo, person, '/portal/recovery-codes');
  const code = (await sheet.first().innerText()).trim();
  await press(page, ownForm(page));
  const home = await world.browser({ address: demo.address('outside') });
  await openService(home, demo);
  await giveNameAndPassword(home, person);
  const other = home.locator('button[name="method"][value="recovery_code"]');
  await Promise.all([home.waitForNavigation(), other.click()]);
  await world.inspect(home, 'recovery-code');
  await step(home, 'code', code);
  await arrived(home, demo, person);
}, { seconds: 240 });
