// C. The password, waits, and tickets instead of it.

import { cause, absorbed, notYet } from './lib/cause.mjs';

const wide = (plain) => plain.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

/** Something else than the password is typed, and the page hints at what; typed as it is, it leads in. */
const mistyped = (as, says) => ({
  from: 'campus',
  reason: 'cred.mismatch',
  says,
  async stage(visit) {
    await visit.open();
    await visit.name();
    await visit.password(as(visit.person.password));
  },
  async next(visit) {
    await visit.pause();
    await visit.password();
  },
});

cause(30, 'The password is simply wrong', mistyped(() => 'not this one at all'));

cause(31, 'Caps Lock', {
  ...mistyped((password) => password),
  says: { en: /Caps ?Lock/i, ja: /Caps ?Lock/i },
  async stage(visit) {
    await visit.open();
    await visit.name();
    const field = visit.page.locator('#password');
    await field.evaluate((input) => {
      for (const kind of ['keydown', 'keyup']) {
        input.dispatchEvent(new KeyboardEvent(kind, { key: 'A', bubbles: true, modifierCapsLock: true }));
      }
    });
    await field.fill(visit.person.password.toUpperCase());
    await visit.press(visit.page.locator('form#step button[type="submit"]').first());
  },
});


absorbed(33, 'The input method is on: a full-width password', {
  from: 'campus',
  async stage(visit) {
    await visit.open();
    await visit.name();
    await visit.password(wide(visit.person.password));
  },
});

notYet(35, 'The browser keeps the former password', 'The former password is not kept, so nothing can be compared with it.');
absorbed(36, 'Just changed, and not everywhere yet', {
  from: 'campus',
  async stage(visit) {
    const changed = `${visit.person.password}, and another one`;
    const other = await visit.elsewhere({ from: 'campus' });
    await other.open();
    await other.name();
    await visit.go('/portal/password');
    await visit.name();
    await visit.password();
    await visit.page.locator('#new-password').fill(changed);
    await visit.follow();
    // In another browser, at a service, in the middle of a sign-in that began before.
    visit.person.password = changed;
    visit.page = other.page;
    await visit.listen();
    await visit.password();
  },
});
notYet(37, 'The change did not happen', 'As 35.');

absorbed(38, 'A long password is cut off', {
  from: 'campus',
  async stage(visit) {
    const long = 'maple river lantern harbour '.repeat(5) + visit.person.number;
    await visit.go('/portal/password');
    await visit.name();
    await visit.password();
    await visit.page.locator('#new-password').fill(long);
    await visit.follow();
    visit.person.password = long;
    await visit.page.context().clearCookies();
    await visit.identify();
  },
});

cause(40, 'Copied with a space at its end', mistyped((password) => `${password} `, { en: /space/, ja: /空白|スペース/ }));

cause(41, 'The ticket for a first password is typed as the password', {
  ...mistyped(() => ''),
  says: { en: /ticket/i, ja: /チケット/ },
  async stage(visit) {
    const { ticket } = JSON.parse(visit.demo.command('person', 'code', visit.person.username, '--for', 'password', '--json'));
    visit.ticket = ticket;
    await visit.open();
    await visit.name();
    await visit.password(ticket);
  },
  next: redeem,
});

cause(42, 'Too many failures', {
  from: 'campus',
  reason: 'throttle.wait',
  seconds: 120,
  async stage(visit) {
    await visit.open();
    await visit.name();
    for (let tries = 0; tries < 11; tries += 1) {
      await visit.password(`not this one either ${tries}`);
      await visit.pause();
    }
    await visit.password();
  },
  async next(visit) {
    await visit.pause(16_000);
    await visit.password();
  },
});

/** The ticket is entered where the page leads to, a password is chosen and signed in with. */
async function redeem(visit) {
  const { page, person } = visit;
  await visit.press(page.locator('main a[href^="/ticket"]').first());
  await page.fill('#username', person.username);
  await page.fill('#ticket', visit.ticket);
  await visit.follow();
  person.password = `seven copper bridges ${person.number} north`;
  await page.locator('#new-password').fill(person.password);
  await visit.follow();
  await visit.proceed();
}

cause(44, 'The password is forgotten', {
  from: 'campus',
  reason: 'cred.mismatch',
  says: { en: /ticket/i, ja: /チケット/ },
  async stage(visit) {
    await visit.open();
    await visit.name();
    await visit.password('what was it again');
  },
  async next(visit) {
    // What the page says: the desk gives a ticket.
    const { ticket } = JSON.parse(visit.demo.command('person', 'code', visit.person.username, '--for', 'password', '--json'));
    visit.ticket = ticket;
    await redeem(visit);
  },
});

notYet(45, 'Forgotten, and no mail ever comes', 'Passwords are not reset by mail: a ticket comes from the desk (44).');
