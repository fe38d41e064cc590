// Codes by mail: an address is registered, and opens the way in from home; read on the demo's page of mail.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { mailedCode, otherThan } from '../lib/mail.mjs';
import { arrived, openService } from '../lib/service.mjs';
import {
  asksFor, giveNameAndPassword, incidentCode, pace, press, step, text,
} from '../lib/signin.mjs';

/** The page's main form. */
const ownForm = (page) => page.locator('form#step');

/** Have another code sent. */
async function sendAnother(page) {
  const button = page.locator('button[name="send"][value="another"]');
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), button.click()]);
}

/** What the page says about the mail, loaded again until `words` is in it. */
async function told(page, words) {
  for (let tries = 0; tries < 30; tries += 1) {
    const said = await page.locator('.mail-told').innerText();
    if (words.test(said)) return said;
    await page.waitForTimeout(200);
    const again = page.locator('.mail-told a');
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), again.click()]);
  }
  assert.fail(`the mail is not told about: ${await text(page)}`);
}

const reasonOf = async (page, demo) => demo.explain(await incidentCode(page)).line.reason;

const HANDED_OVER = { en: /handed over/, ja: /引き渡しました/ };
const fullWidth = (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));

/** Register an address, signed in on campus; gives how many codes were mailed. */
async function register(page, demo, person, look) {
  await page.goto(demo.portal);
  await giveNameAndPassword(page, person);
  await page.locator('a[href*="/portal/mail-code"]').click();
  await page.waitForLoadState('load');
  await look('address');
  await page.fill('#address', `${person.username}@mail.demo.example`);
  await press(page, ownForm(page));
  assert.equal(await reasonOf(page, demo), 'mail.address_own');
  await look('address-own');
  await page.fill('#address', `${person.username}@post.example`);
  await press(page, ownForm(page));
  await look('code');
  const code = await mailedCode(demo);
  await step(page, 'code', otherThan(code));
  assert.equal(await reasonOf(page, demo), 'mfa.code_wrong');
  await look('code-wrong');
  await pace(page);
  await step(page, 'code', code);
  assert.equal(new URL(page.url()).pathname, '/portal', await text(page));
  await look('overview');
  const [masked] = (await text(page)).match(/\S\*+@\S\*+/) ?? [];
  assert.ok(masked, 'the address is not shown masked');
}

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`an address is registered and a mailed code opens the way in from home, in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = { ...demo.person('no_factor') };
      const campus = await world.browser({ address: demo.address('campus'), language, width });
      await register(campus, demo, person, (name) => world.inspect(campus, `register-${name}`));

      const page = await world.browser({ address: demo.address('outside'), language, width });
      const look = (name) => world.inspect(page, name);
      await openService(page, demo);
      await giveNameAndPassword(page, person);
      assert.ok(!(await asksFor(page, 'code')), 'there is a field before a code was sent');
      await look('ask');
      await press(page, ownForm(page));
      const first = await mailedCode(demo, 2);
      assert.match(await told(page, HANDED_OVER[language]), /\S\*+@\S\*+/);
      await look('sent');
      await step(page, 'code', otherThan(first));
      assert.equal(await reasonOf(page, demo), 'mfa.code_wrong');
      await look('wrong');
      await sendAnother(page);
      assert.equal(await reasonOf(page, demo), 'mail.wait');
      await look('wait');
      await page.waitForTimeout(31_000);
      await sendAnother(page);
      const second = await mailedCode(demo, 3);
      await look('sent-again');
      await step(page, 'code', first);
      assert.equal(await reasonOf(page, demo), 'mail.code_superseded');
      await look('superseded');
      await pace(page);
      await step(page, 'code', ` ${fullWidth(second)} `);
      await arrived(page, demo, person);
    }, { seconds: 240 });
  }

  journey(`a code by mail needs no JavaScript, in ${language}`, async (world) => {
    const demo = await world.demo();
    const person = demo.person('mail_code');
    const page = await world.browser({
      address: demo.address('outside'), language, javascript: false, width: 320,
    });
    await openService(page, demo);
    await giveNameAndPassword(page, person);
    await press(page, ownForm(page));
    const code = await mailedCode(demo);
    await told(page, HANDED_OVER[language]);
    await world.inspect(page, 'sent');
    await step(page, 'code', code);
    await arrived(page, demo, person);
    const shown = demo.command('person', 'factors', person.username);
    assert.match(shown, /250 kept on the page/, 'the desk does not see what the mail server said');
  });
}

journey('a code by mail opens no other browser', async (world) => {
  const demo = await world.demo();
  const person = demo.person('mail_code');
  const [page, other] = [
    await world.browser({ address: demo.address('outside') }),
    await world.browser({ address: demo.address('outside') }),
  ];
  for (const one of [page, other]) {
    await openService(one, demo);
    await giveNameAndPassword(one, person);
  }
  await press(page, ownForm(page));
  const code = await mailedCode(demo);
  // The other one may not have a mail sent at the same time, and what came for the first does not count there.
  await press(other, ownForm(other));
  assert.equal(await reasonOf(other, demo), 'mail.wait');
  assert.ok(!(await asksFor(other, 'code')), await text(other));
  await other.goto(page.url());
  assert.ok(!(await asksFor(other, 'code')), await text(other));
  await step(page, 'code', code);
  await arrived(page, demo, person);
});
