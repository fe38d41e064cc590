// Which proofs may be used: chosen in the account page, never so that it locks its owner out, told at the choice.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { mailedCode } from '../lib/mail.mjs';
import { arrived, openService } from '../lib/service.mjs';
import { asksFor, giveCode, giveNameAndPassword, press, step, text } from '../lib/signin.mjs';

const ownForm = (page) => page.locator('form#step');
const box = (page, method) => page.locator(`input[name="use"][value="${method}"]`);

const SAYS = {
  en: { refused: /That would lock you out/, saved: /Your choice is saved/, off: /you switched it off in your account page/ },
  ja: { refused: /サインインできなくなる設定です/, saved: /設定を保存しました/, off: /使わない設定にされています/ },
};

/** Open a page of the portal, and show the app if it is asked for. */
async function open(page, demo, person, path) {
  await page.goto(new URL(path, demo.issuer).href);
  if (await asksFor(page, 'code')) await giveCode(page, person);
}

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`somebody chooses which proofs may be used, in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = { ...demo.person('totp') };
      const says = SAYS[language];
      const page = await world.browser({ address: demo.address('campus'), language, width });
      const look = (name) => world.inspect(page, name);
      await page.goto(demo.portal);
      await giveNameAndPassword(page, person);
      await open(page, demo, person, '/portal/preferences');
      await look('one-proof');
      await box(page, 'totp').uncheck();
      await press(page, ownForm(page));
      assert.match(await text(page), says.refused);
      assert.ok(!(await box(page, 'totp').isChecked()), 'what was chosen is forgotten');
      await look('refused');

      await open(page, demo, person, '/portal/mail-code');
      await page.fill('#address', `${person.username}@post.example`);
      await press(page, ownForm(page));
      await step(page, 'code', await mailedCode(demo));
      await open(page, demo, person, '/portal/preferences');
      await box(page, 'mail_code').uncheck();
      await page.locator('input[name="first"][value="totp"]').check();
      await look('chosen');
      await press(page, ownForm(page));
      assert.match(await text(page), says.saved);
      await look('saved');

      const home = await world.browser({ address: demo.address('outside'), language, width });
      await openService(home, demo);
      await giveNameAndPassword(home, person);
      assert.match(await text(home), says.off);
      await world.inspect(home, 'choice');
      await giveCode(home, person);
      await arrived(home, demo, person);
    }, { seconds: 300 });
  }
}
