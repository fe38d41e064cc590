// Services other than the sample: what they ask for, and where they lead on to.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { journey } from '../lib/journey.mjs';
import { giveNameAndPassword, incidentCode, text } from '../lib/signin.mjs';

/** A web server of its own origin, `answer(url)` gives [status, headers, body]. */
async function served(world, answer) {
  const server = http.createServer((request, response) => {
    const [status, headers, body] = answer(new URL(request.url, 'http://localhost'));
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.atEnd(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return server.address().port;
}

const landing = '<!doctype html><html lang="en"><title>Landed</title><h1>Landed</h1></html>';

/** Where a service sends people who come without a session. */
function authorize(demo, id, redirectUri, more = {}) {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: 'here',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
  return `${demo.issuer}/oidc/authorize?${query}`;
}

journey('a service may lead on to a third origin after the sign-in', async (world) => {
  const demo = await world.demo();
  const third = await served(world, () => [200, {}, landing]);
  const port = await served(world, () => [302, { location: `http://127.0.0.1:${third}/home` }, '']);
  const redirectUri = `http://localhost:${port}/callback`;
  const { client_id: id } = demo.addService('chain', redirectUri);
  const page = await world.browser({ address: demo.address('inside') });
  await page.goto(authorize(demo, id, redirectUri));
  await giveNameAndPassword(page, demo.person('no_factor'));
  await page.waitForURL(`http://127.0.0.1:${third}/home`);
  assert.match(await text(page), /Landed/);
});

for (const language of ['en', 'ja']) {
  journey(`people are asked before a foreign service learns who they are, in ${language}`, async (world) => {
    const demo = await world.demo();
    const port = await served(world, () => [200, {}, landing]);
    const redirectUri = `http://127.0.0.1:${port}/callback`;
    const app = demo.clients.find(({ client_secret: secret }) => secret === null);
    const page = await world.browser({ address: demo.address('inside'), language, width: 320 });
    await page.goto(authorize(demo, app.client_id, redirectUri));
    await giveNameAndPassword(page, demo.person('no_factor'));
    await world.inspect(page, 'consent');
    await page.locator('button[name="decision"][value="allow"]').click();
    await page.waitForURL((url) => url.port === String(port));
    assert.ok(new URL(page.url()).searchParams.get('code'));
    await page.goto(new URL('/portal/consents', demo.issuer).href);
    await world.inspect(page, 'given');
  });
}

journey('an unknown service and a wrong address are explained and never followed', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('inside') });
  const [client] = demo.clients;
  const wrong = [
    authorize(demo, 'nobody-knows', 'http://localhost:9/callback'),
    authorize(demo, client.client_id, 'http://localhost:9/callback'),
  ];
  for (const [index, url] of wrong.entries()) {
    const response = await page.goto(url);
    assert.equal(response.status(), 400);
    assert.equal(new URL(page.url()).origin, demo.issuer);
    await world.inspect(page, `explained-${index}`);
    const code = await incidentCode(page);
    assert.ok(code, await text(page));
    const { line, request } = demo.explain(code);
    assert.equal(line.reason, ['req.unknown_service', 'req.redirect_mismatch'][index]);
    if (index === 0) assert.equal(request.client_id, 'nobody-knows');
    else {
      assert.equal(request.redirect_uri, 'http://localhost:9/callback');
      assert.deepEqual(request.registered, client.redirect_uris);
      const differs = [...client.redirect_uris[0]].findIndex((one, at) => one !== request.redirect_uri[at]);
      assert.equal(request.differs_at, differs + 1);
      assert.match(demo.command('explain', code), /differs +from character \d+ on: sent/);
    }
  }
});

journey('a form of another site asks before it signs anybody out', async (world) => {
  const demo = await world.demo();
  const form = `<form method="post" action="${demo.issuer}/oidc/logout"><button>Win</button></form>`;
  const port = await served(world, () => [200, {}, landing.replace('</html>', form)]);
  const page = await world.browser({ address: demo.address('inside') });
  const portal = new URL('/portal', demo.issuer).href;
  await page.goto(portal);
  await giveNameAndPassword(page, demo.person('no_factor'));
  await page.waitForURL(portal);
  // 127.0.0.1 is another site than localhost.
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.locator('button').click();
  await page.waitForURL((url) => url.origin === demo.issuer && url.pathname === '/logout');
  await page.goto(portal);
  assert.equal(page.url(), portal, 'still signed in');
  await page.goBack();
  await page.locator('button[value="sign_out"]').click();
  await page.goto(portal);
  assert.notEqual(page.url(), portal, 'signed out');
});

journey('what the policy of a page stops is reported and counted', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside') });
  await page.goto(demo.portal);
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "injected"';
    document.head.append(script);
  });
  assert.notEqual(await page.title(), 'injected');
  const counted = /http_requests_total\{route="\/csp-report",method="POST",status="204"\} 1\b/;
  let metrics = '';
  for (let times = 0; times < 50 && !counted.test(metrics); times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    metrics = await (await fetch(new URL('/metrics', demo.management))).text();
  }
  assert.match(metrics, counted);
  // What this page complained about is what was wanted.
  assert.equal(world.complaints.splice(0).length, 1);
});
