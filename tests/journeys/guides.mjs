// The guides for a certificate's file: read by everybody, with and without scripts.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`every guide for a certificate's file is read in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const page = await world.browser({ address: demo.address('outside'), language, width });
      await page.goto(new URL('/help/certificate', demo.issuer).href);
      await world.inspect(page, 'choose');
      for (const device of ['windows', 'mac', 'iphone', 'android', 'firefox']) {
        await Promise.all([
          page.waitForURL(new RegExp(`/${device}$`)),
          page.locator(`main nav a[href$="/${device}"]`).click(),
        ]);
        await world.inspect(page, device);
        assert.equal(await page.locator('main ol > li').count(), 5);
      }
      const phone = await world.browser({ address: demo.address('outside'), language, javascript: false });
      await phone.context().setExtraHTTPHeaders({
        'X-Forwarded-For': demo.address('outside'),
        'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1',
      });
      await phone.goto(new URL('/help/certificate', demo.issuer).href);
      await world.inspect(phone, 'guessed');
      assert.match(await phone.title(), /iPhone/);
    });
  }
}
