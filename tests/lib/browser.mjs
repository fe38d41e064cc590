// One headless Chromium for all journeys; a context (cookies, network, language) for each person.

import { chromium } from 'playwright-core';

/** How every Chromium is started. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-features=Translate,OptimizationHints,MediaRouter',
  // Names of the tests end here; nothing else is looked up.
  '--host-resolver-rules=MAP *.campus.test 127.0.0.1, MAP *.sp.test 127.0.0.1',
];

let browser;

function launched() {
  browser ??= chromium.launch({
    executablePath: process.env.SEKIMORI_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    // The runner closes it, in its turn.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    // An environment of its own: proxies and certificate settings of the machine stay out.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' },
  });
  return browser;
}

/**
 * A new context. `address`: the client address to pretend (X-Forwarded-For from loopback);
 * `javascript`: false switches scripts off; `language`: en or ja; `width`: of the window; `proxy`:
 * the address of one that also stands before localhost; `userAgent`: what it says it is; `browser`: another one than
 * that of all.
 */
export async function newContext({
  address,
  javascript = true,
  language = 'en',
  width = 1024,
  scheme = 'light',
  trustAnyCertificate = false,
  proxy,
  userAgent,
  browser: own,
} = {}) {
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  return (own ?? (await launched())).newContext({
    javaScriptEnabled: javascript,
    locale,
    timezoneId: 'Asia/Tokyo',
    colorScheme: scheme,
    viewport: { width, height: width < 500 ? 640 : 768 },
    extraHTTPHeaders: address ? { 'X-Forwarded-For': address } : {},
    ignoreHTTPSErrors: trustAnyCertificate,
    userAgent,
    proxy: proxy && { server: proxy, bypass: '<-loopback>' },
  });
}

/** Close the browser, if one was started. */
export async function closeBrowser() {
  if (browser) await (await browser).close();
  browser = undefined;
}
