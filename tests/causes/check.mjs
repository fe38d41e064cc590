// What the connection check lets a person find out: the causes that no server sees.

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

cause(13, 'An old browser, or one inside an app', checked(
  { en: /inside an app \(LINE\)/, ja: /アプリ（LINE）の中/ },
  async () => {},
  {
    browser: { userAgent: 'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile Safari Line/14.0' },
    // The same page over HTTP comes from the same app.
    async next(visit) {
      visit.page = (await visit.elsewhere({ from: 'campus' })).page;
      await visit.identify();
    },
  },
));

cause(17, 'The clock of the computer is wrong', checked(
  { en: [/clock of this device is/, /ahead|behind/], ja: [/この端末の時計は/, /進んでいます|遅れています/] },
  async (visit) => {
    await visit.page.clock.install({ time: Date.now() + 40 * 60_000 });
    await visit.go('/check');
    await said(visit, '#clock-said');
  },
  {
    async next(visit) {
      visit.page = (await visit.elsewhere({ from: 'campus' })).page;
      await visit.identify();
    },
  },
));

cause(32, 'Num Lock', checked(
  { en: /Letters come out as digits/, ja: /文字のキーで数字/ },
  (visit) => key(visit, { code: 'KeyJ', key: '1' }),
  { next: (visit) => visit.identify() },
));

cause(321, 'The keyboard has another layout', checked(
  { en: /another layout/, ja: /配列が異なります/ },
  (visit) => key(visit, { code: 'KeyY', key: 'z' }),
  { next: (visit) => visit.identify() },
));

cause(401, 'Copied from a text, with signs that are not seen', checked(
  { en: /typographic quotation mark/, ja: /引用符/ },
  (visit) => visit.page.locator('#keyboard').fill('“quiet harbour”\u00ad'),
  { next: (visit) => visit.identify() },
));

cause(50, 'IPv6 of the campus that nobody has listed', {
  from: 'unnamed',
  where: 'check',
  reason: '',
  unrecorded: true,
  says: { en: [/IPv6/, /no range that is listed here/], ja: [/IPv6/, /登録された範囲に該当しない/] },
  stage: (visit) => visit.go('/check'),
  async next(visit) {
    // Whoever looks after the networks lists it.
    const [prefix] = visit.address.split('::');
    visit.lab.change((document) => document.replace('"10.10.0.0/16"', `"10.10.0.0/16", "${prefix}::/48"`));
    await visit.pause(500);
    await visit.identify();
  },
  alone: true,
});
