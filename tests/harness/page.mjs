// The journeys' own tools, tried on a small page: a tool that cannot fail proves nothing.

import assert from 'node:assert/strict';
import http from 'node:http';
import { violations } from '../lib/axe.mjs';
import { journey } from '../lib/journey.mjs';
import { tabTo } from '../lib/keyboard.mjs';
import { Running } from '../lib/process.mjs';
import { asksFor, incidentCode, step, text } from '../lib/signin.mjs';
import { codeAt, wrongCode } from '../lib/totp.mjs';

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width">
<style>:focus-visible { outline: 3px solid #003 } @media print { b { color: red } }</style></head>
<body><main><h1>Sign in</h1><p id="from">FROM</p><p>Code <code>7K3M-9QTX-4</code></p>
<script>document.title = 'Scripts run'</script>
<form method="post"><label for="u">User name</label>
<input id="u" name="u" autocomplete="username webauthn"><button>Continue</button>
<button name="other">Another way</button></form></main></body></html>`;

/** A page that shows where it thinks the visitor is, and what was posted. */
async function served(world, change = (html) => html, headers = {}) {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const from = `${request.headers['x-forwarded-for'] ?? 'nowhere'} posted ${body}`;
      response.writeHead(200, { 'content-type': 'text/html', ...headers });
      response.end(change(PAGE.replace('FROM', from)));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.atEnd(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://localhost:${server.address().port}/`;
}

journey('a step is a field and the first button of its form', async (world) => {
  const url = await served(world);
  const page = await world.browser({ address: '192.0.2.7' });
  await page.goto(url);
  assert.ok(await asksFor(page, 'username'));
  assert.ok(!(await asksFor(page, 'password')));
  await step(page, 'username', 'hanako');
  assert.match(await text(page), /192\.0\.2\.7 posted u=hanako\s/);
  assert.equal(await incidentCode(page), '7K3M-9QTX-4');
});

journey('people have networks and cookies of their own', async (world) => {
  const url = await served(world);
  const [one, other] = [
    await world.browser({ address: '192.0.2.1' }),
    await world.browser({ address: '2001:db8::1' }),
  ];
  await one.goto(url);
  await other.goto(url);
  assert.match(await text(one), /192\.0\.2\.1/);
  assert.match(await text(other), /2001:db8::1/);
});

journey('a sound page passes and unsound ones are found', async (world) => {
  const page = await world.browser({ width: 320 });
  await page.goto(await served(world));
  await world.inspect(page, 'sound');
  await page.goto(await served(world, (html) => html.replace('<label for="u">User name</label>', '')));
  assert.match((await violations(page)).join('\n'), /^label: /m);
  await page.goto(await served(world, (html) => html.replace('<h1>', '<h1 style="width: 999px">')));
  await assert.rejects(() => world.inspect(page, 'wide'), /scrolls sideways/);
});

journey('without JavaScript scripts do not run, and pages can still be inspected', async (world) => {
  const url = await served(world);
  const page = await world.browser({ javascript: false });
  await page.goto(url);
  assert.equal(await page.title(), 'Sign in');
  await world.inspect(page, 'plain');
  await step(page, 'username', 'hanako');
  assert.match(await text(page), /posted u=hanako/);
  const other = await world.browser();
  await other.goto(url);
  assert.equal(await other.title(), 'Scripts run');
});

journey('a strict content security policy does not keep axe out, and its refusals are noticed', async (world) => {
  const policy = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" };
  const page = await world.browser();
  await page.goto(await served(world, undefined, policy));
  await world.inspect(page, 'strict');
  assert.throws(() => world.checkPages(), /policy: .*script/i);
  world.complaints.length = 0;
});

journey('the keyboard reaches the button, and focus that does not show is found', async (world) => {
  const page = await world.browser();
  await page.goto(await served(world));
  await tabTo(page, (stop) => stop.autocomplete.includes('username'));
  await page.keyboard.type('hanako');
  await tabTo(page, (stop) => stop.text === 'Continue');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.match(await text(page), /posted u=hanako/);
  await page.goto(await served(world, (html) => html.replace('3px solid', '0 none')));
  await assert.rejects(() => tabTo(page, (stop) => stop.text === 'Continue'), /does not show/);
});

journey('the authenticator app knows the vectors of RFC 6238', async () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.equal(codeAt(secret, 59), '287082');
  assert.equal(codeAt(secret, 1111111109), '081804');
  assert.match(wrongCode(secret), /^\d{6}$/);
});

journey('a server that ends before it is ready says why', async () => {
  const running = new Running('sh', ['-c', 'echo no such key >&2; exit 3']);
  await assert.rejects(() => running.line(() => true, 5), /ended \(3\)[^]*no such key/);
});
