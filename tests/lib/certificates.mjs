// A Chromium that holds certificates: keys in an NSS database of its own, and a policy that chooses among them,
// because nobody sits before a headless browser.

import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { FLAGS } from './browser.mjs';
import { run } from './process.mjs';

/** Where Chromium looks for policies. */
const POLICIES = '/etc/chromium/policies/managed';
const FILE = path.join(POLICIES, 'sekimori-journeys.json');

/** What is chosen at each demo's certificate hosts: all browsers of this machine read the same file. */
const chosen = new Map();

/** A browser with `files` ([PKCS#12, PIN] each) that trusts the demo's certificate hosts and chooses `name` there. */
export async function holder(world, demo, files, name) {
  const folder = path.join(demo.folder, 'browser');
  const database = path.join(folder, '.pki/nssdb');
  fs.mkdirSync(database, { recursive: true });
  run('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
  const authority = path.join(demo.folder, 'demo-tls-ca.pem');
  run('certutil', ['-A', '-d', `sql:${database}`, '-n', 'demo', '-t', 'C,,', '-i', authority]);
  for (const [file, pin] of files) {
    const secret = path.join(folder, 'pin');
    fs.writeFileSync(secret, pin, { mode: 0o600 });
    run('pk12util', ['-i', file, '-d', `sql:${database}`, '-w', secret]);
  }
  choose(demo, name);
  world.atEnd(() => choose(demo, undefined));
  const browser = await chromium.launch({
    executablePath: process.env.SEKIMORI_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
  });
  world.atEnd(() => browser.close());
  return browser;
}

/** From now on the certificate with this common name is chosen at the demo's certificate hosts. */
export function choose(demo, name) {
  const [, port] = demo.certificate.hosts[0].split(':');
  if (name) chosen.set(port, name);
  else chosen.delete(port);
  const rules = [...chosen].map(([at, CN]) =>
    JSON.stringify({ pattern: `https://[*.]cert.localhost:${at}`, filter: { SUBJECT: { CN } } }),
  );
  fs.mkdirSync(POLICIES, { recursive: true });
  if (rules.length > 0) {
    fs.writeFileSync(FILE, JSON.stringify({ AutoSelectCertificateForUrls: rules }));
  } else {
    fs.rmSync(FILE, { force: true });
  }
}

/** Have the browser of a page look at the policies again, without a restart. */
export async function takeAnew(page) {
  const tab = await page.context().newPage();
  await tab.goto('chrome://policy');
  await tab.evaluate(() => globalThis.chrome.send('reloadPolicies'));
  await tab.waitForTimeout(1000);
  await tab.close();
}
