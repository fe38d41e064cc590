// I. Passkeys. What a browser says of one is heard by the page; what a passkey signed is judged by the server.

import { device, passkeyButton, usePasskey } from '../lib/passkey.mjs';
import { cause, notYet } from './lib/cause.mjs';

/** The browser's answer to the page: no passkey was used, after so long. */
function closes(page, milliseconds) {
  return page.evaluate((after) => {
    const closed = () => new DOMException('', 'NotAllowedError');
    navigator.credentials.get = () => new Promise((_, reject) => setTimeout(() => reject(closed()), after));
  }, milliseconds);
}

/** The page says it, and the next step is to sign in another way. */
const inThePage = (says, stage) => ({
  from: 'campus',
  here: true,
  says,
  async stage(visit) {
    visit.device = await device(visit.page);
    await visit.open();
    await stage(visit);
    await visit.page.locator('#passkey-said').filter({ hasText: /./ }).waitFor();
  },
  next: (visit) => visit.proceed(),
});

cause(100, 'No passkey on this device', inThePage(
  { en: /no passkey/, ja: /パスキーがない|パスキーが見つか|パスキーはあり/ },
  async ({ page }) => {
    await closes(page, 0);
    await passkeyButton(page).click();
  },
));

cause(101, 'The passkey’s window was closed, or timed out', inThePage(
  { en: /was not used/, ja: /使われませんでした|使用されませんでした/ },
  async ({ page }) => {
    await closes(page, 1300);
    await passkeyButton(page).click();
  },
));

notYet(102, 'Bluetooth is off for the QR code', 'The browser does not tell the page; what it needs is said where a passkey is registered.');

cause(103, 'The page stands at another address', {
  ...inThePage({ en: /at this address/, ja: /このアドレス/ }, async (visit) => {
    const other = new URL(visit.demo.issuer);
    other.hostname = '127.0.0.1';
    await visit.page.goto(new URL('/portal', other).href);
    await passkeyButton(visit.page).click();
  }),
  async next(visit) {
    await visit.identify();
  },
});

notYet(105, 'Attestation was declined', 'No list of models is enforced, and none is asked for.');

cause(106, 'The passkey is no longer registered here', {
  reason: 'passkey.unknown',
  async stage(visit) {
    const { page, person, lab } = visit;
    visit.device = await device(page);
    await visit.moveTo('campus');
    await visit.go('/portal/passkey');
    await visit.proceed();
    await usePasskey(page, visit.device);
    person.codes = await page.locator('ol.codes li').allInnerTexts();
    await visit.follow();
    lab.endFactors(person, 'passkey');
    await page.context().clearCookies();
    await visit.moveTo('outside');
    await visit.open();
    await usePasskey(page, visit.device);
  },
  async next(visit) {
    // Another way: the name, the password, and a recovery code.
    await visit.proceed();
    await visit.code(visit.person.codes[0]);
  },
});
