// A certificate from the account page, taken into a key store and revoked: with the programs that people import it with.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { journey } from '../lib/journey.mjs';
import { run } from '../lib/process.mjs';
import { giveNameAndPassword, press, text } from '../lib/signin.mjs';

const ownForm = (page) => page.locator('form#step');

/** A folder that is gone when the journey ends. */
function folderOf(world) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-certificate.'));
  world.atEnd(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The file behind the page's link; what a browser saves carries no pretended address, so that it is fetched. */
async function saved(page, folder) {
  const href = await page.locator('main a[download]').getAttribute('href');
  const answer = await page.context().request.get(new URL(href, page.url()).href);
  assert.equal(answer.headers()['content-type'], 'application/x-pkcs12');
  const [, name] = /filename="([^"]+)"/.exec(answer.headers()['content-disposition']);
  const file = path.join(folder, name);
  fs.writeFileSync(file, await answer.body());
  return file;
}

/** Both tools open the file with this PIN; gives the certificate's number in capitals, and its PEM file. */
function imported(file, pin, folder, authority) {
  const database = `sql:${path.join(folder, 'nss')}`;
  fs.mkdirSync(path.join(folder, 'nss'));
  run('certutil', ['-N', '-d', database, '--empty-password']);
  run('pk12util', ['-i', file, '-d', database, '-K', '', '-W', pin]);
  assert.match(run('certutil', ['-L', '-d', database]), /u,u,u/, 'a certificate with its key');
  const held = path.join(folder, 'held.pem');
  run('openssl', ['pkcs12', '-in', file, '-passin', `pass:${pin}`, '-clcerts', '-nokeys', '-out', held]);
  assert.throws(
    () => run('openssl', ['pkcs12', '-in', file, '-passin', `pass:${pin}x`, '-noout']),
    'another PIN opens nothing',
  );
  run('openssl', ['verify', '-purpose', 'sslclient', '-CAfile', authority, held]);
  const serial = run('openssl', ['x509', '-in', held, '-noout', '-serial']).trim().split('=')[1];
  return { held, serial };
}

/** The present revocation list as PEM. */
async function revocations(demo, folder) {
  const answer = await fetch(demo.certificate.crl_url);
  assert.equal(answer.status, 200);
  const [der, pem] = ['list.crl', 'list.pem'].map((name) => path.join(folder, name));
  fs.writeFileSync(der, Buffer.from(await answer.arrayBuffer()));
  run('openssl', ['crl', '-inform', 'DER', '-in', der, '-out', pem]);
  return { pem, words: run('openssl', ['crl', '-in', pem, '-noout', '-text']) };
}

for (const language of ['en', 'ja']) {
  for (const width of [1024, 320]) {
    journey(`a certificate is issued, imported and revoked in ${language} at ${width} px`, async (world) => {
      const demo = await world.demo();
      const folder = folderOf(world);
      const authority = path.join(folder, 'authority.pem');
      fs.writeFileSync(authority, demo.certificate.ca_pem);
      const person = demo.person('no_factor');
      const page = await world.browser({ address: demo.address('campus'), language, width });
      await page.goto(new URL('/portal/certificates', demo.issuer).href);
      await giveNameAndPassword(page, person);
      await world.inspect(page, 'none');
      await Promise.all([page.waitForURL(/certificates\/new/), page.locator('main a[href$="/certificates/new"]').click()]);
      await page.locator('#label').fill('研究室の Laptop');
      await world.inspect(page, 'new');
      await press(page, ownForm(page));
      await world.inspect(page, 'file');
      assert.ok(await page.locator('main a[href="/help/certificate"]').count());
      const pin = (await page.locator('#pin').innerText()).trim();
      assert.match(pin, /^([2-9a-z]{4}-){4}[2-9a-z]{4}$/);
      const file = await saved(page, folder);
      assert.equal(path.basename(file), `${person.username}.p12`);
      const { held, serial } = imported(file, pin, folder, authority);
      await press(page, ownForm(page));
      await world.inspect(page, 'list');
      assert.match(await text(page), /研究室の Laptop/);
      const shown = (await text(page)).replaceAll(':', '').toUpperCase();
      assert.ok(shown.includes(serial), `${serial} is not in the list`);
      assert.ok(!(await text(page)).includes(pin));

      const before = await revocations(demo, folder);
      assert.ok(!before.words.includes(serial));
      run('openssl', ['verify', '-crl_check', '-CRLfile', before.pem, '-CAfile', authority, held]);
      await Promise.all([page.waitForURL(/revoke/), page.locator('main a[href*="/revoke/"]').click()]);
      await world.inspect(page, 'revoke');
      await press(page, ownForm(page));
      await world.inspect(page, 'revoked');
      let after;
      // Nodes make a new list within two seconds.
      for (let tries = 0; tries < 10; tries += 1) {
        after = await revocations(demo, folder);
        if (after.words.includes(serial)) break;
        await page.waitForTimeout(500);
      }
      assert.ok(after.words.includes(serial), 'the list holds it');
      const verify = ['verify', '-crl_check', '-CRLfile', after.pem, '-CAfile', authority, held];
      assert.throws(() => run('openssl', verify), /revoked/);
    });
  }
}
