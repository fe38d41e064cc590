// A ticket instead of a password: somebody new, and somebody who has forgotten theirs.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { asksFor, giveCode, pace, press, step, text } from '../lib/signin.mjs';
import { freshCode } from '../lib/totp.mjs';

const NEW_PASSWORD = 'seven copper bridges 29 north';

/** The page's own form. */
const ownForm = (page) => page.locator('form#step');

/** From the sign-in to the page of the new password. */
async function enterTicket(page, username, ticket) {
  await page.locator('main a[href^="/ticket"]').click();
  await page.waitForLoadState('load');
  await page.fill('#username', username);
  await page.fill('#ticket', ticket);
  await press(page, ownForm(page));
}

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`somebody new starts at home with a ticket, in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const added = JSON.parse(demo.command('person', 'add', 'newcomer', '--json'));
      const page = await world.browser({ address: demo.address('outside'), language, width });
      const look = (name) => world.inspect(page, name);
      await page.goto(demo.portal);
      await look('sign-in');
      await enterTicket(page, 'newcomer', '0000-0000-0000');
      await look('wrong-ticket');
      await pace(page);
      await page.fill('#ticket', added.ticket.toLowerCase());
      await press(page, ownForm(page));
      assert.equal(await page.locator('input[autocomplete="username"]').inputValue(), 'newcomer');
      assert.equal(await page.locator('input[autocomplete="new-password"]').count(), 1);
      await look('choose');
      await page.fill('#new-password', 'too short');
      await press(page, ownForm(page));
      await look('choose-weak');
      await page.fill('#new-password', NEW_PASSWORD);
      await press(page, ownForm(page));
      assert.ok(await asksFor(page, 'password'), await text(page));
      await look('chosen');
      await step(page, 'password', NEW_PASSWORD);
      // Outside one more proof is needed, and the same ticket registers it.
      await look('one-more-proof');
      await page.locator('a[href*="/portal/ticket"]').first().click();
      await page.waitForLoadState('load');
      await step(page, 'code', added.ticket);
      const secret = await page.locator('code.secret').getAttribute('data-value');
      const person = { username: 'newcomer', totp_secret: secret.replaceAll(' ', '') };
      await step(page, 'code', await freshCode(person));
      await press(page, ownForm(page));
      await step(page, 'password', NEW_PASSWORD);
      await giveCode(page, person);
      assert.equal(new URL(page.url()).pathname, '/portal', await text(page));
    }, { seconds: 150 });
  }

  journey(`whoever has a factor shows it with the ticket, without JavaScript, in ${language}`, async (world) => {
    const demo = await world.demo();
    const person = { ...demo.person('totp') };
    const made = JSON.parse(
      demo.command('person', 'code', person.username, '--for', 'password', '--json'),
    );
    const page = await world.browser({
      address: demo.address('outside'), language, javascript: false,
    });
    await page.goto(demo.portal);
    await enterTicket(page, person.username, made.ticket);
    await page.fill('#code', '000000');
    await page.fill('#new-password', NEW_PASSWORD);
    await press(page, ownForm(page));
    await world.inspect(page, 'code-wrong');
    await pace(page);
    await page.fill('#code', await freshCode(person));
    await page.fill('#new-password', NEW_PASSWORD);
    await press(page, ownForm(page));
    assert.ok(await asksFor(page, 'password'), await text(page));
    await step(page, 'password', NEW_PASSWORD);
    await giveCode(page, person);
    assert.equal(new URL(page.url()).pathname, '/portal', await text(page));
  });
}
