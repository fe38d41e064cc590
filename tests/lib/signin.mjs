// Signing in as a person does: by the fields' autocomplete tokens and each form's first button,
// never by our own ids or class names.

import assert from 'node:assert/strict';
import { freshCode } from './totp.mjs';

/** Fields by what a password manager knows about them. */
const FIELD = {
  username: 'input[autocomplete~="username"]:not([readonly])',
  password: 'input[autocomplete~="current-password"]',
  code: 'input[autocomplete~="one-time-code"]',
};

/** The POST form that a field stands in. */
export function formOf(page, field) {
  return page.locator('form[method="post" i]', { has: page.locator(FIELD[field]) }).first();
}

/** Whether the page asks for this field now. */
export async function asksFor(page, field) {
  return (await formOf(page, field).count()) > 0;
}

/** Fill one step's field and press the form's first button. */
export async function step(page, field, value) {
  const form = formOf(page, field);
  await form.locator(FIELD[field]).fill(value);
  await press(page, form);
}

/** Press the first button of a form and wait for the page that follows. */
export async function press(page, form) {
  const button = form.locator('button, input[type="submit"]').first();
  await Promise.all([page.waitForLoadState('load'), button.click()]);
  await page.waitForLoadState('load');
}

/** After a failure tries are one second apart: nobody types faster, but a program does. */
export function pace(page) {
  return page.waitForTimeout(1100);
}

/** User name, then password. */
export async function giveNameAndPassword(page, person) {
  await step(page, 'username', person.username);
  assert.ok(await asksFor(page, 'password'), `no password is asked for at ${page.url()}`);
  await step(page, 'password', person.password);
}

/** The present code of the person's authenticator app. */
export async function giveCode(page, person) {
  assert.ok(await asksFor(page, 'code'), `no code is asked for at ${page.url()}`);
  await step(page, 'code', await freshCode(person));
}

/** All text of the page that a person sees. */
export async function text(page) {
  return (await page.locator('body').innerText()).replace(/[ \t]+/g, ' ');
}

/** Eight characters of Crockford's Base32 and a check character, in groups. */
const INCIDENT = /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-Z*~$=]$/;

/** The incident code of the page: an element that holds nothing else. */
export async function incidentCode(page) {
  const leaves = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((element) => element.children.length === 0)
      .map((element) => (element.textContent ?? '').trim()),
  );
  return leaves.find((leaf) => INCIDENT.test(leaf)) ?? null;
}
