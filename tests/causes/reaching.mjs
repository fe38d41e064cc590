// A. Reaching the sign-in: bookmarks, history, tabs, cookies, JavaScript.

import assert from 'node:assert/strict';
import { cookieless } from '../lib/cookieless.mjs';
import { absorbed, cause, notYet } from './lib/cause.mjs';

absorbed(1, 'A page in the middle of a sign-in was bookmarked', {
  from: 'campus',
  async stage(visit) {
    await visit.open();
    const bookmark = visit.page.url();
    await visit.page.context().clearCookies();
    await visit.page.goto(bookmark);
    await visit.name();
    await visit.password();
  },
});

absorbed(2, 'A page of the sign-in is opened from the history', {
  from: 'campus',
  async stage(visit) {
    await visit.open();
    await visit.name();
    const history = visit.page.url();
    await visit.password();
    await visit.arrived();
    await visit.page.goto(history);
  },
});

absorbed(3, 'The Back button, in the middle and after the end', {
  from: 'campus',
  async stage(visit) {
    await visit.open();
    await visit.name();
    await visit.page.goBack();
    await visit.name();
    await visit.password();
    await visit.arrived();
    await visit.page.goBack();
    assert.ok(!(await visit.asks('password')), visit.page.url());
  },
});

absorbed(4, 'Several tabs sign in at once', {
  from: 'campus',
  async stage(visit) {
    await visit.open();
    const other = await visit.page.context().newPage();
    await other.goto(visit.page.url());
    await visit.name();
    await visit.password();
    await visit.arrived();
    await other.reload();
    visit.page = other;
  },
});

cause(5, 'The page was left open too long', {
  reason: 'req.expired',
  unrecorded: 'The attempt is over before anybody is known, and nothing was tried.',
  later: 11,
  async stage(visit) {
    await visit.registerApp();
    await visit.identify();
  },
  after: (visit) => visit.code(),
  next: (visit) => visit.proceed(),
});

cause(6, 'Cookies are blocked', {
  from: 'campus',
  reason: 'req.cookies_blocked',
  async stage(visit) {
    const blocked = await cookieless();
    visit.lab.world.atEnd(() => blocked.stop());
    const { page } = await visit.elsewhere({ from: 'campus', browser: { proxy: blocked.address } });
    visit.page = page;
    visit.cookieless = true;
    await visit.open();
    if (await visit.asks('username')) await visit.name();
  },
  async next(visit) {
    // Cookies are allowed: the same browser without what takes them away.
    const [link] = await visit.page.locator('main p.next a.button').all();
    const way = new URL(await link.getAttribute('href'), visit.page.url()).href;
    const { page } = await visit.elsewhere({ from: 'campus' });
    visit.page = page;
    await page.goto(way);
    // It leads to where they wanted to go, which sends them here again.
    if (!(await visit.asks('username'))) await visit.open();
    await visit.proceed();
  },
});

absorbed(7, 'Cookies are stale or broken', {
  from: 'campus',
  async stage(visit) {
    await visit.identify();
    await visit.arrived();
    const context = visit.page.context();
    const broken = (await context.cookies()).map((cookie) => ({ ...cookie, value: 'x7!broken' }));
    await context.clearCookies();
    await context.addCookies(broken);
    await visit.identify();
  },
});

absorbed(8, 'JavaScript is off', {
  from: 'campus',
  browser: { javascript: false },
  stage: (visit) => visit.identify(),
});

notYet(10, 'Security software changes the connection', 'The server does not compare what a browser says of itself with its TLS handshake.');
notYet(11, 'A commercial VPN or proxy', 'Only relays that the site names are known (48); no list of VPN providers is shipped.');
notYet(12, 'The path by IPv6 or the name server is broken', 'What never arrives is not seen.');
absorbed(14, 'The window is behind another one', {
  from: 'campus',
  async stage(visit) {
    // Everything is one page of one tab: nothing opens that could be behind something.
    const opened = [];
    visit.page.context().on('page', (page) => opened.push(page.url()));
    const elsewhere = async () => assert.equal(await visit.page.locator('[target]').count(), 0, visit.page.url());
    await visit.open();
    await elsewhere();
    await visit.name();
    await elsewhere();
    await visit.password();
    await visit.arrived();
    assert.deepEqual(opened, []);
  },
});
notYet(16, 'A copy of the page at another address', 'What a copy asks for never comes here.');
notYet(18, 'The service has no single sign-on', 'Whoever signs in elsewhere never comes here.');
