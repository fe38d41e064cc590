// "Could I sign in from home?": read on campus, and true at home; done for real from campus.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { asksFor, giveCode, giveNameAndPassword, step, text } from '../lib/signin.mjs';

const PATH = '/portal/rehearsal';

/** On campus, on the page that says what would happen elsewhere. */
async function looking(world, demo, person, { language = 'en', width = 1024 } = {}) {
  const page = await world.browser({ address: demo.address('campus'), language, width });
  await page.goto(new URL(PATH, demo.issuer).href);
  await giveNameAndPassword(page, person);
  assert.equal(new URL(page.url()).pathname, PATH, await text(page));
  return page;
}

/** What the page says about a place: the code of the reason. */
const saidOf = (page, zone) => page.locator(`section#at-${zone}`).getAttribute('data-reason');

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`whether one could sign in from home can be read and tried in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const look = (page, name) => world.inspect(page, name);

      const without = await looking(world, demo, demo.person('no_factor'), { language, width });
      assert.equal(await saidOf(without, 'outside'), 'mfa.none_registered');
      await look(without, 'nothing-registered');

      const person = demo.person('totp');
      const page = await looking(world, demo, person, { language, width });
      assert.equal(await saidOf(page, 'outside'), 'ask.second_factor');
      assert.equal(await saidOf(page, 'campus'), 'ok.admitted');
      await look(page, 'with-an-app');
      // By keyboard or finger: the button stands in the place that it is about.
      await page.locator('section#at-outside button').click();
      await page.waitForLoadState('load');
      assert.ok(await asksFor(page, 'password'), await text(page));
      await look(page, 'for-real-password');
      await step(page, 'password', person.password);
      assert.ok(await asksFor(page, 'code'), `no code is asked for on campus:\n${await text(page)}`);
      await look(page, 'for-real-code');
      await giveCode(page, person);
      assert.equal(new URL(page.url()).pathname, `${PATH}/outside`, await text(page));
      await look(page, 'it-works');
    }, { seconds: 240 });
  }
}

journey('what was said on campus is what happens at home, for everybody', async (world) => {
  const demo = await world.demo();
  for (const kind of ['totp', 'no_factor', 'mail_code', 'certificate']) {
    const person = demo.person(kind);
    const page = await looking(world, demo, person);
    const said = await saidOf(page, 'outside');
    const home = await world.browser({ address: demo.address('outside') });
    await home.goto(demo.portal);
    await giveNameAndPassword(home, person);
    const refused = home.locator('section[data-reason]').first();
    const real = (await refused.count()) > 0 ? await refused.getAttribute('data-reason') : 'ask.second_factor';
    assert.equal(said, real, `${kind}:\n${await text(home)}`);
  }
}, { seconds: 240 });

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`who would fail outside is told so once, and can put it off or for good in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = demo.person('no_factor');
      const signedIn = async (address = 'campus') => {
        const page = await world.browser({ address: demo.address(address), language, width });
        await page.goto(demo.portal);
        await giveNameAndPassword(page, person);
        assert.equal(new URL(page.url()).pathname, '/portal', await text(page));
        return page;
      };
      const notice = (page) => page.locator('section.suggestion');
      const later = (page) => notice(page).locator('a[href*="later="]');

      const page = await signedIn();
      await notice(page).waitFor();
      await world.inspect(page, 'told');
      // It leads to where something can be registered, and back.
      await notice(page).locator('a.button').click();
      await page.waitForLoadState('load');
      assert.notEqual(new URL(page.url()).pathname, '/portal');
      await world.inspect(page, 'register');
      await page.goto(demo.portal);
      // Put off, in this browser alone.
      await later(page).click();
      await page.waitForLoadState('load');
      assert.equal(await notice(page).count(), 0, await text(page));
      await page.reload();
      assert.equal(await notice(page).count(), 0, 'it stays put off');
      const other = await signedIn();
      assert.equal(await notice(other).count(), 1, 'another browser knows nothing of that');
      // For good: by keyboard, on every device.
      await other.locator('form#dismiss button').focus();
      await Promise.all([other.waitForNavigation({ waitUntil: 'load' }), other.keyboard.press('Enter')]);
      assert.equal(await notice(other).count(), 0, await text(other));
      await world.inspect(other, 'known');
      assert.equal(await notice(await signedIn()).count(), 0, 'said once');
    }, { seconds: 240 });
  }
}
