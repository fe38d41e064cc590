// B. The user name, as people type it.

import { absorbed, cause, notYet } from './lib/cause.mjs';

const wide = (plain) => plain.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

/** The name is typed somehow, and it leads in. */
const typed = (as) => ({
  from: 'campus',
  async stage(visit) {
    await visit.open();
    await visit.name(as(visit.person.username));
    await visit.password();
  },
});

absorbed(19, 'The organisation’s own mail address is typed', typed((name) => `${name}@demo.example`));

cause(191, 'A mail address of elsewhere is typed', {
  from: 'campus',
  reason: 'cred.mismatch',
  says: { en: /mail address/, ja: /メールアドレス/ },
  async stage(visit) {
    await visit.open();
    await visit.name(`${visit.person.username}@mail.example`);
    await visit.password();
  },
  async next(visit) {
    await visit.press(visit.page.locator('main a[href*="/login/switch"]').first());
    await visit.name();
    await visit.password();
  },
});

notYet(20, 'The letter before the student number is missing', 'The site’s pattern of user names is not a setting, so no page can hint at it.');
absorbed(22, 'Full-width characters', typed(wide));
absorbed(23, 'Spaces and invisible characters from a paste', typed((name) => `\u00a0${name}\u200b \u3000`));
absorbed(24, 'Upper case', typed((name) => name.toUpperCase()));

cause(26, 'A field was left empty', {
  from: 'campus',
  reason: 'input.empty',
  unrecorded: 'Nothing was given, so nothing was refused.',
  browser: { javascript: false },
  async stage(visit) {
    await visit.open();
    await visit.name('');
  },
  async next(visit) {
    await visit.name();
    await visit.password();
  },
});

notYet(27, 'A number of another system is typed', 'As 20: there are no patterns.');
notYet(28, 'The account of a former status', 'There are no successors of accounts yet.');
