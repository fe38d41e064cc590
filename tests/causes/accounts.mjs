// K. The account itself. B. Whose account it is. L. The server.

import { absorbed, cause, notYet } from './lib/cause.mjs';

absorbed(29, 'Somebody else is signed in at this browser', {
  from: 'campus',
  async stage(visit) {
    const other = visit.lab.somebody();
    const { person } = visit;
    visit.person = other;
    await visit.identify();
    await visit.arrived();
    // The account page shows whose it is, and leads out.
    await visit.go('/portal/sign-out');
    await visit.follow();
    await visit.page.context().clearCookies({ name: 'sample-session' });
    visit.person = person;
    await visit.identify();
  },
});

notYet(122, 'The account begins later', 'Accounts have no dates yet that an office could set.');
notYet(123, 'The account has ended', 'As 122.');
notYet(124, 'A yearly renewal or training is due', 'There is no such flag yet.');

cause(126, 'The account was switched off', {
  from: 'campus',
  reason: 'acct.disabled',
  async stage(visit) {
    visit.demo.command('person', 'disable', visit.person.username);
    await visit.identify();
  },
  async next(visit) {
    // The desk looks into it, and switches it on again.
    visit.demo.command('person', 'enable', visit.person.username);
    await visit.identify();
  },
});

notYet(127, 'Frozen, because a second proof was never set up', 'Nobody is frozen: on campus the password stays enough.');
notYet(129, 'The directory is down', 'There is no other directory yet. While our own database cannot be written the page says that the fault is ours and not the password’s, but its code stands in the log alone: `explain` does not know it.');
notYet(130, 'The mail gateway is down', 'As 76.');
notYet(131, 'Maintenance', 'There is no calendar yet.');
notYet(132, 'The server’s certificate has expired', 'The browser ends the connection before we can say anything.');
notYet(133, 'Too many people at once', 'Staged by the load tests: the page says so and when to try again.');
notYet(136, 'A cause that nobody knows', 'A fault of ours has a code and its record; nothing here breaks on purpose.');
