// What the connection check lets a person find out: the causes that no server sees.

import assert from 'node:assert/strict';
import { device, usePasskey } from '../lib/passkey.mjs';
import { cause } from './lib/cause.mjs';

/** What the page says, in both languages. */
const checked = (says, stage, more = {}) => ({
  from: 'campus',
  where: 'check',
  here: true,
  says,
  async stage(visit) {
    await visit.go('/check');
    await stage(visit);
  },
  ...more,
});

/** The page of outcomes says something by its script. */
const said = (visit, id) => visit.page.locator(id).filter({ hasText: /./ }).waitFor();

/** Press a key as a keyboard of another kind reports it. */
const key = (visit, init) =>
  visit.page.locator('#keyboard').evaluate((field, event) => {
    field.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...event }));
  }, init);

/** Their way back: the check once more, which no longer finds it, and then the sign-in. */
async function mended(visit, id, finds, stage) {
  await visit.go('/check');
  await stage(visit);
  assert.doesNotMatch(await visit.page.locator(id).innerText(), finds[visit.language]);
}

const INSIDE = { en: /inside an app \(LINE\)/, ja: /アプリ（LINE）の中/ };

cause(13, 'An old browser, or one inside an app', checked(
  INSIDE,
  async () => {},
  {
    from: 'outside',
    browser: { userAgent: 'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile Safari Line/14.0' },
    async stage(visit) {
      // The passkey is in the usual browser, and the window inside an app has none.
      visit.usual = await visit.elsewhere({ from: 'campus', browser: {} });
      visit.usual.device = await device(visit.usual.page);
      await visit.usual.go('/portal/passkey');
      await visit.usual.proceed();
      await usePasskey(visit.usual.page, visit.usual.device);
      await visit.usual.follow();
      await visit.usual.page.context().clearCookies();
      await visit.usual.moveTo('outside');
      await device(visit.page);
      await visit.identify();
      await visit.go('/check');
    },
    async next(visit) {
      const { usual } = visit;
      await mended(usual, 'section[aria-labelledby="check-browser"]', INSIDE, async () => {});
      visit.page = usual.page;
      await usual.open();
      await usePasskey(usual.page, usual.device);
    },
  },
));

const FAR = { en: /clock of this device is 40 minutes ahead/, ja: /この端末の時計は、40\s*分進んでいます/ };

cause(17, 'The clock of the computer is wrong', checked(
  FAR,
  async () => {},
  {
    from: 'outside',
    before: ['mfa.clock_suspected'],
    async stage(visit) {
      // An app on this computer shows the codes of another time.
      await visit.registerApp();
      await visit.identify();
      await visit.code(visit.lab.code(visit.person.secret, 40 * 60));
      await visit.page.clock.install({ time: Date.now() + 40 * 60_000 });
      await visit.go('/check');
      await said(visit, '#clock-said');
    },
    async next(visit) {
      await visit.page.clock.setSystemTime(Date.now());
      await mended(visit, '#clock-said', FAR, () => said(visit, '#clock-said'));
      await visit.identify();
      await visit.code();
    },
  },
));

/** What a keyboard does to a text: each letter that stands in `keys` comes out as the other. */
const through = (keys, text) => text.replace(/./g, (letter) => keys[letter] ?? letter);

/** A keyboard, tried with one letter; the password went through it before, and goes through one that is mended. */
const keyboard = (says, keys, letter) => checked(says, async () => {}, {
  before: ['cred.mismatch'],
  async stage(visit) {
    await visit.open();
    await visit.name();
    await visit.password(through(keys, visit.person.password));
    await visit.go('/check');
    await key(visit, { code: `Key${letter.toUpperCase()}`, key: through(keys, letter) });
  },
  async next(visit) {
    await mended(visit, '#keyboard-said', says, () => key(visit, { code: `Key${letter.toUpperCase()}`, key: letter }));
    await visit.pause();
    await visit.identify();
  },
});

cause(32, 'Num Lock', keyboard(
  { en: /Letters come out as digits/, ja: /文字のキーで数字/ },
  { u: '4', i: '5', o: '6', j: '1', k: '2', l: '3', m: '0' },
  'u',
));

cause(321, 'The keyboard has another layout', keyboard(
  { en: /where an English one has Q, it types A/, ja: /英語配列でQのキーを押すと、Aが入力/ },
  { q: 'a', a: 'q', w: 'z', z: 'w' },
  'q',
));

const COPIED = { en: /typographic quotation mark/, ja: /引用符/ };

cause(401, 'Copied from a text, with signs that are not seen', checked(COPIED, async () => {}, {
  before: ['cred.mismatch'],
  async stage(visit) {
    const copied = `“${visit.person.password}”\u00ad`;
    await visit.open();
    await visit.name();
    await visit.password(copied);
    await visit.go('/check');
    await visit.page.locator('#keyboard').fill(copied);
  },
  async next(visit) {
    await mended(visit, '#keyboard-said', COPIED, () =>
      visit.page.locator('#keyboard').pressSequentially(visit.person.password));
    await visit.pause();
    await visit.identify();
  },
}));

cause(50, 'IPv6 of the campus that nobody has listed', {
  from: 'unnamed',
  where: 'check',
  reason: '',
  unrecorded: 'The check keeps nothing.',
  says: { en: [/IPv6/, /no range that is listed here/], ja: [/IPv6/, /登録された範囲に該当しない/] },
  stage: (visit) => visit.go('/check'),
  async next(visit) {
    // Whoever looks after the networks lists it.
    const [prefix] = visit.address.split('::');
    visit.lab.change((document) => document.replace('"10.10.0.0/16"', `"10.10.0.0/16", "${prefix}::/48"`));
    await visit.until(async () => {
      await visit.go('/check');
      return (await visit.read()).includes(`${prefix}::/48`);
    });
    await visit.identify();
  },
  alone: true,
});
