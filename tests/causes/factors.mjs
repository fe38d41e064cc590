// E. One more proof: none, not finished, gone, lost.

import { absorbed, cause, notYet } from './lib/cause.mjs';

/** The page says: register on campus, where the password is enough. */
async function registers(visit) {
  await visit.registerApp();
  await visit.identify();
  await visit.code();
}

cause(55, 'No second proof at all', {
  reason: 'mfa.none_registered',
  stage: (visit) => visit.identify(),
  next: registers,
});

notYet(56, 'The registration was not finished', 'A registration keeps nothing until its first code is right ([0060](decisions/0060-registering-without-state.md)), so nobody knows of it.');

cause(57, 'The last proof was removed', {
  reason: 'mfa.none_left',
  async stage(visit) {
    await visit.registerApp();
    visit.lab.endFactors(visit.person);
    await visit.identify();
  },
  async next(visit) {
    await visit.byTicket();
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.code();
  },
});

notYet(59, 'A proof that cannot be used was chosen', 'Only what can be used is offered; the others stand below with the reason why not.');

absorbed(60, 'Which one to choose', {
  async stage(visit) {
    await visit.registerApp();
    await visit.identify();
    await visit.code();
  },
});

notYet(61, 'A new policy asks for more since today', 'What-if names beforehand whom it would hit; the page does not say since when.');

cause(62, 'The phone is lost', {
  codeless: 'It is a question, and not a refusal.',
  reason: 'ask.second_factor',
  says: { en: /do not have it/, ja: /手元にない/ },
  async stage(visit) {
    await visit.registerApp();
    await visit.identify();
    await visit.press(visit.page.locator('a[href*="lost="]').first());
  },
  async next(visit) {
    await visit.follow();
    await visit.code(visit.person.codes[0]);
  },
});

notYet(63, 'No smartphone', 'Nobody is asked what they own; recovery codes, mail, security keys and certificates are offered to everybody.');
notYet(64, 'A mail or question that nobody asked for', 'Owners are not told of a right password with a wrong proof from a new place.');
