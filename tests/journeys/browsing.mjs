// Tabs, history, bookmarks, cookies: what people do in the middle of a login.

import assert from 'node:assert/strict';
import { cookieless } from '../lib/cookieless.mjs';
import { journey } from '../lib/journey.mjs';
import { arrived, isAtService, openService, signIn } from '../lib/service.mjs';
import { asksFor, formOf, giveCode, giveNameAndPassword, step, text } from '../lib/signin.mjs';

/** A tab in the same browser. */
const tab = (page) => page.context().newPage();

journey('of three tabs each reaches its service', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const first = await world.browser({ address: demo.address('inside') });
  const tabs = [first, await tab(first), await tab(first)];
  for (const page of tabs) await openService(page, demo);
  await giveNameAndPassword(tabs[1], person);
  await arrived(tabs[1], demo, person);
  // The name is enough: the session fits it. And so is a reload of the page that asks for the name.
  await step(tabs[0], 'username', person.username);
  await arrived(tabs[0], demo, person);
  await tabs[2].reload();
  await arrived(tabs[2], demo, person);
});

journey('back after a login leads forward again, without a form full of data', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await signIn(page, demo, person);
  const arrivedAt = page.url();
  for (let back = 0; back < 3; back += 1) {
    // Back to the password page, to the name page, to the service: never a second answer to one request.
    await page.goBack();
    assert.doesNotMatch(await text(page), /not begun here/);
    assert.ok(!(await asksFor(page, 'password')), page.url());
    assert.ok(isAtService(page, demo), `${page.url()}: ${await text(page)}`);
    await arrived(page, demo, person);
    if (page.url() === arrivedAt) break;
  }
});

journey('a form of a login that is over leads to the service, which takes no second answer', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await openService(page, demo);
  await step(page, 'username', person.username);
  // The same page in two tabs of one browser: both are filled in.
  const other = await tab(page);
  await other.goto(page.url());
  await step(page, 'password', person.password);
  await arrived(page, demo, person);
  await step(other, 'password', person.password);
  assert.doesNotMatch(await text(other), /not begun here/);
  await arrived(other, demo, person);
});

journey('a reload in the middle shows the same step', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  await page.reload();
  await step(page, 'username', person.username);
  await page.reload();
  assert.ok(await asksFor(page, 'password'));
  await step(page, 'password', person.password);
  await page.reload();
  assert.ok(await asksFor(page, 'code'), await text(page));
  await giveCode(page, person);
  await arrived(page, demo, person);
});

/** The same tab after the browser was closed: cookies that last, no session, the page asked for again. */
async function restored(world, page, address) {
  const kept = (await page.context().cookies()).filter(({ expires }) => expires > 0);
  const other = await world.browser({ address });
  await other.context().addCookies(kept);
  await other.goto(page.url());
  return other;
}

journey('tabs that a browser restores lead on from where they were', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const address = demo.address('outside');
  const first = await world.browser({ address });
  await openService(first, demo);
  await step(first, 'username', person.username);
  // At the password: the name is kept.
  const second = await restored(world, first, address);
  assert.ok(await asksFor(second, 'password'), await text(second));
  await step(second, 'password', person.password);
  // At the code: the password is not asked for again.
  const third = await restored(world, second, address);
  assert.ok(await asksFor(third, 'code'), await text(third));
  await giveCode(third, person);
  await arrived(third, demo, person);
  // At the portal: signed out with the browser, and back there after the sign-in.
  await third.goto(new URL('/portal/consents', demo.issuer).href);
  const last = await restored(world, third, address);
  assert.ok(await asksFor(last, 'username'), await text(last));
  await giveNameAndPassword(last, person);
  await giveCode(last, person);
  assert.equal(new URL(last.url()).pathname, '/portal/consents');
}, { seconds: 240 });

journey('a double click counts once', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  await step(page, 'username', person.username);
  const form = formOf(page, 'password');
  await form.locator('input[autocomplete~="current-password"]').fill(person.password);
  await form.locator('button').first().dblclick({ noWaitAfter: true });
  await page.locator('input[autocomplete~="one-time-code"]').waitFor();
  await page.waitForLoadState('load');
  assert.ok(await asksFor(page, 'code'), await text(page));
  await giveCode(page, person);
  await arrived(page, demo, person);
});

journey('a login page that was bookmarked works in another browser', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const page = await world.browser({ address: demo.address('inside') });
  await openService(page, demo);
  const bookmark = page.url();
  const other = await world.browser({ address: demo.address('inside') });
  const response = await other.goto(bookmark);
  assert.equal(response.status(), 200);
  assert.doesNotMatch(await text(other), /cookie/i);
  await giveNameAndPassword(other, person);
  assert.ok(isAtService(other, demo), other.url());
});

journey('with cookies blocked a page says so and does not loop', async (world) => {
  const demo = await world.demo();
  const person = demo.person('no_factor');
  const blocked = await cookieless();
  world.atEnd(() => blocked.stop());
  const page = await world.browser({ address: demo.address('inside'), proxy: blocked.address });
  let redirects = 0;
  page.on('response', (response) => {
    if (response.status() >= 300 && response.status() < 400) redirects += 1;
  });
  await openService(page, demo);
  if (await asksFor(page, 'username')) await step(page, 'username', person.username);
  if (await asksFor(page, 'password')) await step(page, 'password', person.password);
  assert.ok(!isAtService(page, demo));
  assert.match(await text(page), /cookie/i);
  // One of the service's and two of ours.
  assert.ok(redirects <= 3, `${redirects} redirects`);
  await world.inspect(page, 'cookies');
});
