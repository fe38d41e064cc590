// What browsers, password managers and assistive technology rely on.

import assert from 'node:assert/strict';
import { journey } from '../lib/journey.mjs';
import { tabTo } from '../lib/keyboard.mjs';
import { arrived, openService, signIn } from '../lib/service.mjs';
import { asksFor, giveCode, giveNameAndPassword, step, text } from '../lib/signin.mjs';
import { freshCode } from '../lib/totp.mjs';

/** All inputs of the page that a person or a password manager meets. */
const inputs = (page) =>
  page.locator('input:not([type="hidden"])').evaluateAll((found) =>
    found.map((input) => ({
      type: input.type,
      autocomplete: input.getAttribute('autocomplete'),
      inputmode: input.getAttribute('inputmode'),
      maxlength: input.getAttribute('maxlength'),
      label: [...(input.labels ?? [])].map((label) => label.htmlFor === input.id).includes(true),
    })),
  );

journey('every step is a POST form with the fields that password managers expect', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  const [name] = await inputs(page);
  assert.equal(name.autocomplete, 'username webauthn');
  assert.ok(name.label, 'the user name has no label of its own');
  await step(page, 'username', person.username);
  const second = await inputs(page);
  assert.deepEqual(
    second.map(({ autocomplete }) => autocomplete).filter((token) => token !== 'off'),
    ['username', 'current-password'],
  );
  assert.equal(await page.locator('[autocomplete="username"]').inputValue(), person.username);
  await step(page, 'password', person.password);
  const code = (await inputs(page)).find(({ autocomplete }) => autocomplete === 'one-time-code');
  assert.deepEqual(
    { type: code.type, inputmode: code.inputmode, maxlength: code.maxlength, label: code.label },
    { type: 'text', inputmode: 'numeric', maxlength: null, label: true },
  );
});

journey('names and codes are taken as people type them', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const wide = (plain) => plain.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  await step(page, 'username', `${wide(person.username.toUpperCase())}\u3000`);
  assert.equal(await page.locator('[autocomplete="username"]').inputValue(), person.username);
  await step(page, 'password', person.password);
  const code = wide(await freshCode(person));
  await step(page, 'code', `${code.slice(0, 3)}\u3000${code.slice(3)}`);
  await arrived(page, demo, person);
});

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`pages are accessible in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const person = demo.person('totp');
      const page = await world.browser({ address: demo.address('outside'), language, width });
      await openService(page, demo);
      await world.inspect(page, '1-name');
      await step(page, 'username', person.username);
      await world.inspect(page, '2-password');
      await step(page, 'password', person.password);
      await world.inspect(page, '3-code');
      await giveCode(page, person);
      await arrived(page, demo, person);
      await world.inspect(page, '4-service');
      await page.goto(demo.portal);
      await world.inspect(page, '5-portal');
    });
  }
}

journey('pages are accessible in the dark', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside'), scheme: 'dark' });
  await openService(page, demo);
  await world.inspect(page, '1-name');
  await giveNameAndPassword(page, demo.person('no_factor'));
  await world.inspect(page, '2-refused');
});

journey('the whole way works without JavaScript', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside'), javascript: false });
  await signIn(page, demo, person);
  await page.goto(demo.portal);
  assert.match(await text(page), new RegExp(person.username));
  await world.inspect(page, 'portal');
});

journey('the whole way works by keyboard alone', async (world) => {
  const demo = await world.demo();
  const person = demo.person('totp');
  const page = await world.browser({ address: demo.address('outside') });
  await openService(page, demo);
  const type = async (token, value) => {
    await tabTo(page, (stop) => stop.autocomplete.includes(token));
    await page.keyboard.type(value);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.waitForLoadState('load');
  };
  await type('username', person.username);
  await type('current-password', person.password);
  assert.ok(await asksFor(page, 'code'));
  await type('one-time-code', await freshCode(person));
  await arrived(page, demo, person);
});

/** At the password page of the sample service. */
async function atPassword(world, options = {}) {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('inside'), ...options });
  await openService(page, demo);
  const person = demo.person('no_factor');
  await step(page, 'username', person.username);
  return { demo, page, person };
}

journey('a password can be shown and is hidden again before it leaves', async (world) => {
  const { demo, page, person } = await atPassword(world);
  const field = page.locator('#password');
  await field.fill(person.password);
  const reveal = page.locator('button.reveal');
  const [shown, hidden] = await field.evaluate(({ dataset }) => [dataset.hide, dataset.show]);
  assert.equal(await reveal.innerText(), hidden);
  await reveal.click();
  assert.equal(await field.getAttribute('type'), 'text');
  assert.equal(await reveal.innerText(), shown);
  assert.equal(await field.inputValue(), person.password);
  await world.inspect(page, 'shown');
  await reveal.click();
  assert.equal(await field.getAttribute('type'), 'password');
  await reveal.click();
  // What a browser offers to keep is a password field, whatever was looked at before.
  const sent = await field.evaluate((input) => {
    let type;
    const look = (event) => {
      type = input.type;
      event.preventDefault();
    };
    input.form.addEventListener('submit', look, { once: true });
    input.form.requestSubmit();
    return type;
  });
  assert.equal(sent, 'password');
  await step(page, 'password', person.password);
  await arrived(page, demo, person);
});

journey('Enter chooses a word of the input method and sends nothing', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('inside'), language: 'ja' });
  await openService(page, demo);
  const before = page.url();
  const field = page.locator('input[autocomplete~="username"]');
  await field.focus();
  const browser = await page.context().newCDPSession(page);
  await browser.send('Input.imeSetComposition', { text: 'はなこ', selectionStart: 3, selectionEnd: 3 });
  // As Chromium reports the Enter that ends a composition: key code 229.
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, text: '\r' };
  await browser.send('Input.dispatchKeyEvent', { type: 'keyDown', ...enter });
  await browser.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter, text: undefined });
  await browser.send('Input.insertText', { text: 'はなこ' });
  await page.waitForTimeout(300);
  assert.equal(page.url(), before, 'the form was sent in the middle of a word');
  assert.equal(await field.inputValue(), 'はなこ');
  // The next Enter, with nothing being composed, goes on.
  await Promise.all([page.waitForNavigation(), field.press('Enter')]);
  assert.ok(await asksFor(page, 'password'), await text(page));
});

for (const language of ['en', 'ja']) {
  journey(`Caps Lock is told while typing and after a wrong password, in ${language}`, async (world) => {
    const { page } = await atPassword(world, { language });
    const live = page.locator('#password-live');
    const field = page.locator('#password');
    const type = (on) =>
      field.evaluate((input, modifierCapsLock) => {
        for (const kind of ['keydown', 'keyup']) {
          input.dispatchEvent(new KeyboardEvent(kind, { key: 'A', bubbles: true, modifierCapsLock }));
        }
      }, on);
    await type(true);
    const said = await live.innerText();
    assert.match(said, /Caps ?Lock/i);
    assert.equal(await live.getAttribute('aria-live'), 'polite');
    await world.inspect(page, 'typing');
    await type(false);
    assert.equal(await live.innerText(), '');
    await type(true);
    await field.fill('NOT THIS ONE AT ALL');
    // By the button: a key pressed here would say that Caps Lock is off.
    const go = page.locator('form#step button[type="submit"]').first();
    await Promise.all([page.waitForNavigation(), go.click()]);
    assert.ok(await asksFor(page, 'password'));
    assert.match(await page.locator('main').innerText(), /Caps ?Lock/i);
    await world.inspect(page, 'refused');
  });
}

journey('the first page is light and asks no third party', async (world) => {
  const demo = await world.demo();
  const page = await world.browser({ address: demo.address('outside') });
  const hosts = new Set();
  let bytes = 0;
  page.on('response', async (response) => {
    if (response.status() >= 300) return;
    hosts.add(new URL(response.url()).origin);
    const sizes = await response.request().sizes().catch(() => null);
    bytes += sizes ? sizes.responseBodySize + sizes.responseHeadersSize : 0;
  });
  await page.goto(demo.portal, { waitUntil: 'networkidle' });
  assert.ok(await asksFor(page, 'username'));
  assert.deepEqual([...hosts], [new URL(demo.issuer).origin]);
  assert.ok(bytes <= 50_000, `${bytes} bytes`);
});
