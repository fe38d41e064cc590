// Who gets in from where, and what those who do not are told.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { arrived, isAtService, moveTo, openService, signIn } from '../lib/service.mjs';
import {
  asksFor, giveCode, giveNameAndPassword, incidentCode, pace, step, text,
} from '../lib/signin.mjs';
import { wrongCode } from '../lib/totp.mjs';

const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/;

journey('from campus the password alone is enough', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await openService(page, demo);
  await world.shot(page, 'name');
  await step(page, 'username', person.username);
  await world.shot(page, 'password');
  await step(page, 'password', person.password);
  await arrived(page, demo, person);
  await world.shot(page, 'service');
});

journey('from every network outside, password and authenticator app lead in', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  for (const zone of demo.zones.filter(({ inside }) => !inside)) {
    const page = await world.browser({ address: zone.address });
    await openService(page, demo);
    await giveNameAndPassword(page, person);
    assert.ok(!isAtService(page, demo), `the password alone was enough on ${zone.name}`);
    await world.shot(page, `code-${zone.name}`);
    await giveCode(page, person);
    await arrived(page, demo, person);
  }
}, { seconds: 240 });

journey('an address that nobody has named counts as outside', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  for (const address of ['198.51.100.77', '2001:db8:77::1', 'not-an-address']) {
    const page = await world.browser({ address });
    await openService(page, demo);
    await giveNameAndPassword(page, person);
    assert.ok(await asksFor(page, 'code'), `no code was asked for from ${address}`);
  }
});

for (const language of ['en', 'ja']) {
  journey(`from home without a factor the page explains, in ${language}`, async (world) => {
    const demo = await world.demo();
    const page = await world.browser({ address: demo.address('outside'), language });
    await openService(page, demo);
    await giveNameAndPassword(page, demo.person('no_factor'));
    assert.ok(!isAtService(page, demo));
    assert.ok(await incidentCode(page), `no incident code on the page:\n${await text(page)}`);
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    assert.equal(JAPANESE.test(await page.locator('h1').first().innerText()), language === 'ja');
    await world.inspect(page, 'explained');
    const code = await incidentCode(page);
    await page.reload();
    assert.equal(await incidentCode(page), code, 'the page did not stay');
  });
}

journey('a disabled account is told so only after its password was right', async (world) => {
  const demo = await world.demo();
  const person = demo.person('disabled');
  const page = await world.browser({ address: demo.address('inside') });
  await openService(page, demo);
  await giveNameAndPassword(page, { ...person, password: 'not this one at all' });
  const wrong = await text(page);
  assert.ok(await asksFor(page, 'password'), 'a refused password shows the same step again');
  await step(page, 'password', person.password);
  assert.ok(!isAtService(page, demo));
  assert.notEqual(await text(page), wrong);
  assert.ok(await incidentCode(page));
  await world.shot(page, 'disabled');
});

journey('a wrong password shows the same step with the name kept and nothing else', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await openService(page, demo);
  await giveNameAndPassword(page, { ...person, password: 'not this one at all' });
  assert.match(await page.title(), /^Error: /);
  assert.ok(await incidentCode(page));
  const fields = await page.locator('input[autocomplete~="current-password"]').evaluateAll(
    (inputs) => inputs.map(({ value, type }) => [value, type]),
  );
  assert.deepEqual(fields, [['', 'password']]);
  assert.equal(await page.locator('input[autocomplete~="username"]').inputValue(), person.username);
  await world.inspect(page, 'wrong-password');
  await step(page, 'password', person.password);
  await arrived(page, demo, person);
});

journey('a name that nobody has gets the same page as a wrong password', async (world) => {
  const demo = await world.demo();
  const pages = [];
  for (const username of [demo.person('totp').username, 'nobodyhere']) {
    const page = await world.browser({ address: demo.address('outside') });
    await openService(page, demo);
    await giveNameAndPassword(page, { username, password: 'not this one at all' });
    const code = await incidentCode(page);
    pages.push((await text(page)).replaceAll(code, 'CODE').replaceAll(username, 'NAME'));
  }
  const plain = (shown) => shown.replaceAll(/\d+:\d+(:\d+)?/g, 'TIME');
  assert.equal(plain(pages[0]), plain(pages[1]));
});

journey('a wrong code shows the same step again, and the right one then leads in', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  await giveNameAndPassword(page, person);
  await step(page, 'code', wrongCode(person.totp_secret));
  assert.ok(await asksFor(page, 'code'));
  assert.match(await page.title(), /^Error: /);
  await world.inspect(page, 'wrong-code');
  await pace(page);
  await giveCode(page, person);
  await arrived(page, demo, person);
});

journey('one sign-in serves the next visit on the same network', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await signIn(page, demo, person);
  // The service's way in once more: it has forgotten the person, Sekimori has not.
  await page.context().clearCookies({ name: 'sample-session' });
  await openService(page, demo);
  await arrived(page, demo, person);
});

journey('a session opened with a password on campus steps up when it shows up outside', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('inside') });
  await signIn(page, demo, person);
  await moveTo(page, demo.address('outside'));
  // The service forgets its own session; Sekimori does not.
  const issuer = new URL(demo.issuer);
  await page.goto(demo.portal);
  if (!(await asksFor(page, 'code'))) {
    assert.fail(`no code is asked for at ${page.url()} (${issuer.host}):\n${await text(page)}`);
  }
  await giveCode(page, person);
  assert.match(await text(page), new RegExp(person.username));
});
