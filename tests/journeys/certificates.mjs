// Certificates in a real browser that holds them: a password and a certificate, and a wrong choice made good.

import assert from 'node:assert/strict';
import path from 'node:path';
import { choose, holder, takeAnew } from '../lib/certificates.mjs';
import { journey } from '../lib/journey.mjs';
import { arrived, openService } from '../lib/service.mjs';
import { giveNameAndPassword, incidentCode, press, step, text } from '../lib/signin.mjs';

const certificateForm = (page) => page.locator('form#step', { has: page.locator('#certificate-button') });

/** Where the page's button leads to. */
const leadsTo = async (page) => new URL(await certificateForm(page).getAttribute('action')).host;

/** From home as far as the step that asks for a certificate, in a browser that shows the one of `shown`. */
async function asked(world, demo, { language = 'en', width = 1024, others = [], shown } = {}) {
  const person = demo.person('certificate');
  const files = [[path.join(demo.folder, person.certificate.file), person.certificate.pin]];
  for (const username of others) {
    const file = path.join(demo.folder, `${username}.p12`);
    const issued = JSON.parse(demo.command('certificate', 'issue', username, file, '--json'));
    files.push([file, issued.pin]);
  }
  const browser = await holder(world, demo, files, shown ?? person.username);
  const page = await world.browser({ browser, address: demo.address('outside'), language, width });
  await openService(page, demo);
  await giveNameAndPassword(page, person);
  assert.equal(await certificateForm(page).count(), 1, await text(page));
  return { person, page };
}

for (const [language, width] of [['en', 1024], ['ja', 320]]) {
  journey(`a certificate of the own authority is the one more proof in ${language} at ${width} px`, async (world) => {
    const demo = await world.demo();
    const { person, page } = await asked(world, demo, { language, width });
    await world.inspect(page, 'asked');
    await press(page, certificateForm(page));
    await arrived(page, demo, person);
  });
}

journey('a wrong certificate is refused with its reason, and the right one is taken in the same window', async (world) => {
  const demo = await world.demo();
  const { person, page } = await asked(world, demo, { others: ['mei'], shown: 'mei' });
  const hosts = new Set([await leadsTo(page)]);
  await press(page, certificateForm(page));
  const { line } = demo.explain(await incidentCode(page));
  assert.equal(line.reason, 'cert.other_person');
  await world.inspect(page, 'wrong');
  assert.doesNotMatch(await text(page), /\bmei\b/, 'nobody is named to somebody else');

  choose(demo, person.username);
  await takeAnew(page);
  const end = Date.now() + 40_000;
  while (new URL(page.url()).origin !== demo.service) {
    assert.ok(Date.now() < end, 'the browser did not choose as it was told');
    const host = await leadsTo(page);
    assert.ok(!hosts.has(host), 'every try has a host that the browser has not met');
    hosts.add(host);
    // The browser takes a changed policy after a moment.
    await page.waitForTimeout(2000);
    await press(page, certificateForm(page));
  }
  await arrived(page, demo, person);
});

journey('a certificate is tested from campus as if from outside', async (world) => {
  const demo = await world.demo();
  const person = demo.person('certificate');
  const files = [[path.join(demo.folder, person.certificate.file), person.certificate.pin]];
  const browser = await holder(world, demo, files, person.username);
  const page = await world.browser({ browser, address: demo.address('campus') });
  await page.goto(new URL('/portal/certificates', demo.issuer).href);
  await giveNameAndPassword(page, person);
  await world.inspect(page, 'list-with-test');
  await Promise.all([page.waitForURL(/rehearsal/), page.locator('main a[href="/portal/rehearsal"]').click()]);
  await page.locator('section#at-outside button').click();
  await page.waitForLoadState('load');
  await step(page, 'password', person.password);
  await press(page, certificateForm(page));
  await page.waitForURL(/rehearsal\/outside$/);
  await world.inspect(page, 'it-works');
});
