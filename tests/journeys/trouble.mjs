// The troubleshooter: from the page that could not go on, and as a tree, in both languages, on a desk and on a phone.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { press, text } from '../lib/signin.mjs';

const SAYS = {
  en: {
    title: /User name and password do not fit together/,
    asked: /Is it the user name/,
    topic: 'The code is not taken, or none comes',
    question: /Is the clock of the device right\?/,
    said: /The code is not right|used before|shape of a code/,
    last: /has the code [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]/,
  },
  ja: {
    title: /ユーザー名とパスワードの組み合わせを確認できません/,
    asked: /メールアドレスや、学生証・職員証の番号/,
    topic: 'コードが受け付けられない、または届かない',
    question: /端末の時計は合っていますか/,
    said: /コードが一致しません/,
    last: /受付コードは[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]です/,
  },
};

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`whoever is stuck is led on in ${language} at ${width} px, without scripts`, async (world) => {
      const demo = await world.demo();
      const says = SAYS[language];
      const page = await world.browser({ address: demo.address('outside'), language, width, javascript: false });
      await page.goto(demo.portal);
      await page.fill('#username', 'hanako');
      await press(page, page.locator('form#step'));
      await page.fill('#password', 'not the right one');
      await press(page, page.locator('form#step'));
      const code = await page.locator('#incident').innerText();
      await page.locator('section.incident a').click();
      await page.waitForLoadState('load');
      assert.equal(new URL(page.url()).search, `?code=${code}`);
      assert.match(await text(page), says.title);
      assert.match(await text(page), says.asked);
      assert.ok(await page.locator('a.button').count(), 'one action');
      await world.inspect(page, 'told');

      await page.locator('.trouble > p > a').click();
      await page.waitForLoadState('load');
      assert.match(await text(page), says.last);
      await world.inspect(page, 'tree');

      await page.locator('.trouble li a', { hasText: says.topic }).click();
      await page.waitForLoadState('load');
      assert.match(await text(page), says.question);
      await page.locator('.trouble summary').click();
      assert.match(await page.locator('.trouble details').innerText(), says.said);
      await world.inspect(page, 'topic');
      await page.locator('a[href="/check#check-clock"]').click();
      await page.waitForLoadState('load');
      assert.equal(new URL(page.url()).hash, '#check-clock');
    });
  }
}
