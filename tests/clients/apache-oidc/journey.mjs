// A real service: Apache with mod_auth_openidc, on a host of its own, and people on their way to it.

import assert from 'node:assert/strict';
import { journey } from '../../lib/journey.mjs';
import {
  asksFor, giveCode, giveNameAndPassword, incidentCode, pace, press, step, text,
} from '../../lib/signin.mjs';
import { Apache } from './apache.mjs';

const ONE_FACTOR = 'https://refeds.org/profile/sfa';
const TWO_FACTORS = 'https://refeds.org/profile/mfa';

/** A demo and an Apache that is registered with it. */
async function gate(world, options = {}) {
  const demo = await world.demo();
  const apache = await Apache.prepare();
  const { client_id: id, client_secret: secret } = demo.addService('wiki', apache.redirectUri);
  world.atEnd(() => apache.stop());
  await apache.start({ issuer: demo.issuer, id, secret, ...options });
  return { demo, apache };
}

/** Somebody with a browser, on the network of that address. */
const visitor = (world, address, options = {}) =>
  world.browser({ address, trustAnyCertificate: true, ...options });

/** Open the protected page and give name and password. */
async function knock(page, apache, person) {
  await page.goto(apache.protectedPage);
  await giveNameAndPassword(page, person);
}

/** What Apache was told, once the person is at the page that they wanted. */
async function facts(page, apache) {
  await page.waitForURL(apache.protectedPage).catch(() => {
    assert.fail(`at ${page.url().slice(0, 120)} instead\n${apache.log()}`);
  });
  return apache.facts(page);
}

journey('Apache: from campus with the password alone, and no more is claimed', async (world) => {
  const { demo, apache } = await gate(world);
  const page = await visitor(world, demo.address('inside'));
  await knock(page, apache, demo.person('totp'));
  const told = await facts(page, apache);
  assert.notEqual(told.user, '');
  assert.equal(told.issuer, demo.issuer);
  assert.equal(told.acr, ONE_FACTOR);
  assert.doesNotMatch(told.amr, /mfa|otp/);
  await world.shot(page, 'wiki');
});

journey('Apache: from each network outside with password and authenticator app', async (world) => {
  const { demo, apache } = await gate(world);
  const person = demo.person('totp');
  for (const zone of demo.zones.filter(({ inside }) => !inside)) {
    const page = await visitor(world, zone.address);
    await knock(page, apache, person);
    await world.shot(page, `code-${zone.name}`);
    await giveCode(page, person);
    const told = await facts(page, apache);
    assert.equal(told.acr, TWO_FACTORS);
    assert.match(told.amr, /otp/);
  }
}, { seconds: 240 });

journey('Apache: a recovery code leads in from home, and is told as a second factor', async (world) => {
  const { demo, apache } = await gate(world);
  const person = demo.person('totp');
  const campus = await visitor(world, demo.address('inside'));
  await campus.goto(new URL('/portal/recovery-codes', demo.issuer).href);
  await giveNameAndPassword(campus, person);
  await giveCode(campus, person);
  const code = (await campus.locator('ol.codes li').first().innerText()).trim();
  await press(campus, campus.locator('form#step'));
  const page = await visitor(world, demo.address('outside'));
  await knock(page, apache, person);
  const other = page.locator('button[name="method"][value="recovery_code"]');
  await Promise.all([page.waitForNavigation(), other.click()]);
  await step(page, 'code', '0000-0000-0000-0000');
  assert.match(await text(page), /recovery code does not fit/);
  await pace(page);
  await step(page, 'code', code);
  const told = await facts(page, apache);
  assert.equal(told.acr, TWO_FACTORS);
  assert.match(told.amr, /mfa/);
}, { seconds: 240 });

for (const language of ['en', 'ja']) {
  journey(`Apache: from home without a factor the page explains in ${language}, and explain agrees`, async (world) => {
    const { demo, apache } = await gate(world);
    const page = await visitor(world, demo.address('outside'), { language });
    await knock(page, apache, demo.person('no_factor'));
    assert.notEqual(new URL(page.url()).host, `${apache.host}:${apache.port}`);
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    await world.inspect(page, 'explained');
    const code = await incidentCode(page);
    assert.ok(code, 'no incident code');
    assert.match(JSON.stringify(demo.explain(code)), /mfa\.none_registered/);
  });
}

journey('Apache: a service that demands two factors gets them on campus too', async (world) => {
  const extra = `OIDCAuthRequestParams acr_values=${encodeURIComponent(TWO_FACTORS)}`;
  const { demo, apache } = await gate(world, { extra });
  const person = demo.person('totp');
  const page = await visitor(world, demo.address('inside'));
  await knock(page, apache, person);
  assert.ok(await asksFor(page, 'code'), 'the password alone was enough');
  await giveCode(page, person);
  assert.equal((await facts(page, apache)).acr, TWO_FACTORS);
});
