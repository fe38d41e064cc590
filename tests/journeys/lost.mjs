// Something is lost: it ends from the account page, and at the sign-in there is a way for whoever does not have it.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { arrived, openService } from '../lib/service.mjs';
import { asksFor, giveCode, giveNameAndPassword, press, step, text } from '../lib/signin.mjs';

const ownForm = (page) => page.locator('form#step');

const SAYS = {
  en: { done: /What you chose has ended/, has: /You do not have it/, asks: /asks for another one first/ },
  ja: { done: /選んだものを終了しました/, has: /手元にない場合/, asks: /先に別の確認方法が必要です/ },
};

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`a lost phone is reported, and a sheet leads on at the sign-in, in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = { ...demo.person('totp') };
      const says = SAYS[language];
      const page = await world.browser({ address: demo.address('campus'), language, width });
      const look = (name) => world.inspect(page, name);
      await page.goto(demo.portal);
      await giveNameAndPassword(page, person);
      await page.locator('a[href*="/portal/lost"]').click();
      await page.waitForLoadState('load');
      assert.match(await text(page), says.asks);
      await look('asks-proof');

      // A sheet, for which the app is shown.
      await page.goto(new URL('/portal/recovery-codes', demo.issuer).href);
      if (await asksFor(page, 'code')) await giveCode(page, person);
      const [paper] = await page.locator('ol.codes li').allInnerTexts();
      await press(page, ownForm(page));

      // At home, on the way to a service, without the phone.
      const home = await world.browser({ address: demo.address('outside'), language, width });
      await openService(home, demo);
      await giveNameAndPassword(home, person);
      await world.inspect(home, 'asked');
      await home.locator('a[href*="lost="]').click();
      await home.waitForLoadState('load');
      assert.match(await text(home), says.has);
      await world.inspect(home, 'do-not-have-it');
      await press(home, ownForm(home));
      await step(home, 'code', paper);
      await arrived(home, demo, person);

      await page.goto(new URL('/portal/lost', demo.issuer).href);
      await page.locator('input[name="factor"]').first().check();
      await look('chosen');
      await press(page, ownForm(page));
      assert.match(await text(page), says.done);
      await look('ended');
      await home.goto(demo.portal);
      assert.ok(await asksFor(home, 'username'), 'the other sign-in is still open');
    }, { seconds: 300 });
  }
}
