// The connection check: what a browser finds out about itself, in both languages, on a phone, and without scripts.

import assert from 'node:assert/strict';
import { cookieless } from '../lib/cookieless.mjs';
import { journey } from '../lib/journey.mjs';
import { press, text } from '../lib/signin.mjs';

const check = (page, demo) => page.goto(new URL('/check', demo.issuer).href);

/** Wait until the page says something there. */
const said = async (page, id) => {
  await page.locator(id).filter({ hasText: /./ }).waitFor();
  return page.locator(id).innerText();
};

const SAYS = {
  en: { clock: /is right/, cookies: /came back/, capslock: /Caps Lock is on/, wide: /full-width/ },
  ja: { clock: /合っています/, cookies: /戻ってきました/, capslock: /Caps Lockがオン/, wide: /全角文字/ },
};

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`the connection is checked in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const says = SAYS[language];
      const page = await world.browser({ address: demo.address('eduroam'), language, width });
      await page.goto(demo.portal);
      await page.locator('footer a[href="/check"]').click();
      await page.waitForLoadState('load');
      assert.match(await text(page), /eduroam[\s\S]*IPv4[\s\S]*10\.10\.96\.0\/20/);
      assert.match(await said(page, '#clock-said'), says.clock);
      await said(page, '#passkey-ability');
      await said(page, '#script-said');
      await world.inspect(page, 'found');

      const sent = [];
      page.on('request', (request) => sent.push(request.url()));
      const field = page.locator('#keyboard');
      await field.evaluate((input) => {
        const event = { key: 'A', code: 'KeyA', bubbles: true, modifierCapsLock: true };
        input.dispatchEvent(new KeyboardEvent('keydown', event));
      });
      assert.match(await said(page, '#keyboard-said'), says.capslock);
      await field.fill('ｐａｓｓ');
      assert.match(await said(page, '#keyboard-said'), says.wide);
      await field.press('Enter');
      await world.inspect(page, 'typed');
      assert.deepEqual(sent, [], 'what is typed leaves the page');
      assert.equal(await field.evaluate((input) => Boolean(input.form || input.name)), false);

      await press(page, page.locator('form#step'));
      assert.match(await page.locator('#cookies-said').innerText(), says.cookies);
      await world.inspect(page, 'cookies');
    });
  }
}

journey('without scripts the page says so, and cookies are tried all the same', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside'), javascript: false, width: 320 });
  await check(page, demo);
  assert.match(await text(page), /JavaScript is off/);
  await press(page, page.locator('form#step'));
  assert.match(await text(page), /it came back/);
  await world.inspect(page, 'no-script');
  const blocked = await cookieless();
  world.atEnd(() => blocked.stop());
  const other = await world.browser({ address: demo.address('outside'), proxy: blocked.address });
  await check(other, demo);
  await press(other, other.locator('form#step'));
  assert.match(await text(other), /it did not come back/);
  await world.inspect(other, 'blocked');
});

journey('a clock that is wrong is told in words, and what it means for codes', async (world) => {
  const demo = await world.demo();
  for (const [minutes, says] of [[7, /7 minutes ahead[\s\S]*more than 30 seconds/], [-125, /2 hours behind/]]) {
    const page = await world.browser({ address: demo.address('campus') });
    await page.clock.install({ time: Date.now() + minutes * 60_000 });
    await check(page, demo);
    assert.match(await said(page, '#clock-said'), says);
  }
});
