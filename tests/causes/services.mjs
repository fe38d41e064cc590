// J. Requests of services, and who may use them. L. What happens after the sign-in.

import assert from 'node:assert/strict';
import { absorbed, cause, notYet } from './lib/cause.mjs';
import { authorize } from './lib/services.mjs';

/** In at the laboratory's own service: a code came along. */
async function landed(visit) {
  await visit.page.waitForURL((url) => url.origin === visit.lab.services.landed, { timeout: 10_000 });
  assert.ok(new URL(visit.page.url()).searchParams.get('code'), visit.page.url());
}

/** On the way to a service of the laboratory. */
const from = (visit, id, more) =>
  visit.page.goto(authorize(visit.demo, id, `${visit.lab.services.landed}/callback`, more));

notYet(108, 'The clock of the service is wrong', 'A request of OpenID Connect carries no time; SAML is not spoken yet.');

cause(109, 'The service is not registered', {
  from: 'campus',
  where: 'service',
  reason: 'req.unknown_service',
  says: { en: /Whoever runs the service can register it/, ja: /サービスの管理者が登録/ },
  stage: (visit) => from(visit, 'newcomer'),
  async next(visit) {
    visit.demo.addService('newcomer', `${visit.lab.services.landed}/callback`);
    await from(visit, 'newcomer');
    await visit.proceed();
  },
  lands: landed,
});

notYet(111, 'A key was changed on one side only', 'A service whose keys do not fit is told so by the protocol and the audit; nobody sees a page of ours.');

cause(112, 'The return address is not registered', {
  from: 'campus',
  where: 'service',
  reason: 'req.redirect_mismatch',
  stage: (visit) =>
    visit.page.goto(authorize(visit.demo, 'library', `${visit.lab.services.landed.toUpperCase()}/Callback`)),
  async next(visit) {
    // The service's owner corrects it; somebody who may use it comes again.
    visit.lab.enrol(visit.person, 'library');
    await from(visit, 'library');
    await visit.proceed();
  },
  lands: landed,
});

/** The sample service, asking for two proofs wherever somebody is. */
const strong = (visit) => visit.page.goto(`${visit.demo.service}/sign-in?strong=yes`);

cause(114, 'The service wants more than a password of the campus', {
  from: 'campus',
  reason: 'ask.step_up',
  unrecorded: 'It is a question, and not a refusal.',
  async stage(visit) {
    // Whose app came by letter: what was registered with a password alone is no second proof to a service.
    const { username, password, totp_secret: secret } = visit.demo.person('totp');
    visit.person = { ...visit.person, username, password, secret };
    await visit.identify();
    await visit.arrived();
    await strong(visit);
  },
  next: (visit) => visit.code(),
});

cause(1141, 'What is registered does not reach the level of the service', {
  from: 'campus',
  reason: 'mfa.level_not_reachable',
  async stage(visit) {
    await visit.registerApp();
    await strong(visit);
    await visit.proceed();
  },
  async next(visit) {
    // The desk ends what does not count, and gives a ticket.
    visit.lab.endFactors(visit.person);
    visit.person.secret = undefined;
    await strong(visit);
    await visit.proceed();
    await visit.byTicket();
    await strong(visit);
    await visit.proceed();
  },
});

absorbed(115, 'The service asks silently, or for a fresh sign-in', {
  from: 'campus',
  async stage(visit) {
    visit.lab.enrol(visit.person, 'library');
    await from(visit, 'library', { prompt: 'none' });
    assert.match(visit.page.url(), /error=login_required/);
    await from(visit, 'library', { prompt: 'login' });
    await visit.proceed();
  },
  lands: landed,
});

notYet(116, 'An attribute that the service needs is empty', 'What a service needs is not a setting; it gets what there is, and says itself what it lacks.');
notYet(117, 'A scope or affiliation is turned away by the service', 'That happens at the service; scopes of federations come with SAML.');

cause(119, 'The person is not entitled', {
  from: 'campus',
  reason: 'authz.not_entitled',
  async stage(visit) {
    await from(visit, 'library');
    await visit.proceed();
  },
  async next(visit) {
    visit.lab.enrol(visit.person, 'library');
    await from(visit, 'library');
    await visit.proceed();
  },
  lands: landed,
});

cause(1191, 'The service is switched off', {
  from: 'campus',
  where: 'service',
  alone: true,
  reason: 'req.service_disabled',
  stage: (visit) => from(visit, 'archive'),
  async next(visit) {
    visit.lab.change((document) => document.replace('disabled = true\n', ''));
    await visit.until(async () => {
      await from(visit, 'archive');
      return visit.asks('username');
    });
    await visit.proceed();
  },
  lands: landed,
});

notYet(120, 'The service still knows somebody else', 'Services are not told of the end of a session yet.');

cause(135, 'The sign-in worked, and the service sends back again and again', {
  from: 'campus',
  where: 'service',
  reason: 'req.loop',
  async stage(visit) {
    const { services } = visit.lab;
    services.again = authorize(visit.demo, 'carousel', `${services.circle}/callback`);
    await visit.page.goto(services.again);
    await visit.name();
    await visit.password();
    await visit.page.locator('[data-reason="req.loop"]').waitFor();
  },
  async next(visit) {
    // Whoever runs the service repairs it.
    visit.lab.services.repaired = true;
    await visit.pause(61_000);
    await visit.page.goto(visit.lab.services.again);
  },
  lands: (visit) => visit.page.waitForURL((url) => url.origin === visit.lab.services.circle, { timeout: 10_000 }),
});
