// The demo's sample service, as somebody who wants to use it sees it.

import assert from 'node:assert/strict';
import { asksFor, giveCode, giveNameAndPassword, text } from './signin.mjs';

/** Open the sample service; it sends those who are not signed in to Sekimori. */
export async function openService(page, demo, path = '/') {
  await page.goto(demo.service + path);
  if (new URL(page.url()).origin === demo.service) {
    // Its front page is open to all and has one way in.
    const way = page.locator('main a, main button').first();
    if ((await way.count()) > 0) {
      await Promise.all([page.waitForLoadState('load'), way.click()]);
      await page.waitForLoadState('load');
    }
  }
}

/** Whether the page is the service's own. */
export function isAtService(page, demo) {
  return new URL(page.url()).origin === demo.service;
}

/** The person has arrived: the page is the service's and names them. */
export async function arrived(page, demo, person) {
  await page.waitForURL((url) => url.origin === demo.service).catch(async () => {
    assert.fail(`not at the service but at ${page.url().slice(0, 120)}:\n${await text(page)}`);
  });
  const shown = await text(page);
  assert.match(shown, new RegExp(`\\b${person.username}\\b`), 'the service does not know who came');
  return shown;
}

/** From the service through all steps that are asked for, and back. */
export async function signIn(page, demo, person) {
  await openService(page, demo);
  await giveNameAndPassword(page, person);
  if (await asksFor(page, 'code')) await giveCode(page, person);
  return arrived(page, demo, person);
}

/** From now on the browser is on another network. */
export async function moveTo(page, address) {
  await page.context().setExtraHTTPHeaders({ 'X-Forwarded-For': address });
}
