// D. Where somebody is, and what that asks for.

import { cause, notYet } from './lib/cause.mjs';

/** As far as the page that says it; why it is where it is stands behind "why?". */
async function told(visit) {
  await visit.identify();
  await visit.page.locator('main details summary').first().click();
}

cause(47, 'On eduroam, which is not the campus network', {
  from: 'eduroam',
  reason: 'mfa.none_registered',
  says: { en: /eduroam is open to guests/, ja: /eduroamは多くの機関/ },
  stage: told,
  async next(visit) {
    await visit.moveTo('campus');
    await visit.identify();
  },
});

cause(48, 'The browser hides its address', {
  from: 'relay',
  reason: 'mfa.none_registered',
  says: { en: /hides its address behind Hidden Address Relay/, ja: /Hidden Address Relay/ },
  stage: told,
  async next(visit) {
    await visit.moveTo('campus');
    await visit.identify();
  },
});

notYet(52, 'A reverse proxy hides the address', 'For operators: the audit shows one address for everybody.');
notYet(53, 'The range of a remote campus is missing', 'As 50.');
