// The same gate with addresses that are real: people connect from addresses of 127.0.0.0/8 to an Apache that
// stands as a reverse proxy before `sekimori serve`, as on a campus. Only what the proxy saw counts.

import assert from 'node:assert/strict';
import { journey } from '../../lib/journey.mjs';
import { network } from '../../lib/network.mjs';
import { Server } from '../../lib/server.mjs';
import {
  asksFor, giveCode, giveNameAndPassword, incidentCode, press, step, text,
} from '../../lib/signin.mjs';
import { freshCode } from '../../lib/totp.mjs';
import { Apache } from './apache.mjs';
import { Httpd } from './httpd.mjs';

const ONE_FACTOR = 'https://refeds.org/profile/sfa';
const TWO_FACTORS = 'https://refeds.org/profile/mfa';

/** Where people are. Eduroam lies inside of the campus; home is nobody's range. */
const CAMPUS = '127.16.0.9';
const EDUROAM = '127.16.64.9';
const HOME = '127.99.0.1';

const site = (issuer, redirectUri) => `
issuer = "${issuer}"
organisation.name = "Example University"
policy.mfa_bindings = ["inside_with_password"]
service = [{ name = "wiki", oidc.redirect_uris = ["${redirectUri}"] }]

[[zone]]
name = "campus"
ranges = ["127.16.0.0/16"]
inside = true
password_suffices = true
may_enrol = true

[[zone]]
name = "eduroam"
ranges = ["127.16.64.0/18"]
inside = false
`;

const NODE = `
[[proxy]]
addresses = ["127.0.0.1"]
header = "x-forwarded-for"
`;

/** Sekimori behind a proxy, a service, somebody without a factor. */
async function campus(world) {
  const gateway = await Httpd.prepare();
  world.atEnd(() => gateway.stop());
  const apache = await Apache.prepare();
  world.atEnd(() => apache.stop());
  const server = await Server.start({ node: NODE, site: site(gateway.url, apache.redirectUri) });
  world.servers.push(server);
  world.atEnd(() => server.stop());
  await gateway.serve('gateway.conf', { BEHIND: `http://127.0.0.1:${server.port}` });
  const added = server.command('person', 'add', 'hanako', '--generate-password', '--json');
  const { client_secret: secret } = JSON.parse(server.command('service', 'secret', 'wiki', '--json'));
  await apache.start({
    issuer: gateway.url, id: 'wiki', secret, trusted: gateway.file('certificate.pem'),
  });
  const person = { username: 'hanako', password: JSON.parse(added).password };
  return { server, gateway, apache, person };
}

/** A browser that connects from `address`; `claim` is what it says about that in a header of its own. */
async function from(world, address, { claim, ...options } = {}) {
  const way = await network(address);
  world.atEnd(() => way.stop());
  return world.browser({
    proxy: way.address, address: claim, trustAnyCertificate: true, ...options,
  });
}

async function facts(page, apache) {
  await page.waitForURL(apache.protectedPage).catch(() => {
    assert.fail(`at ${page.url().slice(0, 120)} instead\n${apache.log()}`);
  });
  return apache.facts(page);
}

/** On campus: an app and a sheet of recovery codes. */
async function register(page, gateway, person) {
  await page.goto(`${gateway.url}/portal/totp`);
  if (await asksFor(page, 'password')) await step(page, 'password', person.password);
  person.totp_secret = (await page.locator('code.secret').getAttribute('data-value')).replaceAll(' ', '');
  await step(page, 'code', await freshCode(person));
  const code = (await page.locator('ol.codes li').first().innerText()).trim();
  await press(page, page.locator('form#step'));
  return code;
}

journey('Apache: where somebody connects from is what the proxy saw, from campus, eduroam and home', async (world) => {
  const { gateway, apache, person } = await campus(world);

  const inside = await from(world, CAMPUS);
  await inside.goto(apache.protectedPage);
  await giveNameAndPassword(inside, person);
  assert.equal((await facts(inside, apache)).acr, ONE_FACTOR);
  const recovery = await register(inside, gateway, person);

  for (const [name, address] of Object.entries({ eduroam: EDUROAM, home: HOME })) {
    const page = await from(world, address);
    await page.goto(apache.protectedPage);
    await giveNameAndPassword(page, person);
    await world.shot(page, `code-${name}`);
    await giveCode(page, person);
    assert.equal((await facts(page, apache)).acr, TWO_FACTORS);
  }

  const page = await from(world, HOME);
  await page.goto(apache.protectedPage);
  await giveNameAndPassword(page, person);
  const other = page.locator('button[name="method"][value="recovery_code"]');
  await Promise.all([page.waitForNavigation(), other.click()]);
  await step(page, 'code', recovery);
  assert.equal((await facts(page, apache)).acr, TWO_FACTORS);
}, { seconds: 240 });

for (const language of ['en', 'ja']) {
  journey(`Apache: whoever claims an address of the campus at home is at home, in ${language}`, async (world) => {
    const { server, apache, person } = await campus(world);
    const page = await from(world, HOME, { claim: CAMPUS, language });
    await page.goto(apache.protectedPage);
    await giveNameAndPassword(page, person);
    await world.inspect(page, 'explained');
    const code = await incidentCode(page);
    assert.ok(code, `no incident code at ${page.url()}\n${await text(page)}`);
    const told = server.command('explain', code, '--json');
    assert.match(told, /mfa\.none_registered/);
    assert.match(told, new RegExp(HOME.replaceAll('.', '\\.')));
    assert.doesNotMatch(told, new RegExp(CAMPUS.replaceAll('.', '\\.')));
  });
}

journey('Apache: a session that was opened on campus is asked for more when it goes home', async (world) => {
  const { gateway, apache, person } = await campus(world);
  const inside = await from(world, CAMPUS);
  await inside.goto(apache.protectedPage);
  await giveNameAndPassword(inside, person);
  await facts(inside, apache);
  await register(inside, gateway, person);
  const cookies = await inside.context().cookies(gateway.url);
  // The same browser in another place: what it keeps of Sekimori, and nothing of the service.
  const home = await from(world, HOME);
  await home.context().addCookies(cookies.filter(({ domain }) => domain === gateway.host));
  await home.goto(apache.protectedPage);
  assert.ok(!(await asksFor(home, 'username')), 'the session was forgotten');
  await giveCode(home, person);
  assert.equal((await facts(home, apache)).acr, TWO_FACTORS);
}, { seconds: 180 });
