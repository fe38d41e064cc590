// Somebody in front of a browser, on the way to the sample service.

import { arrived, moveTo, openService } from '../../lib/service.mjs';
import { asksFor, giveNameAndPassword, incidentCode, step, text } from '../../lib/signin.mjs';

/** One person's visit. */
export class Visit {
  constructor(lab, page, { person, language, address, userAgent }) {
    Object.assign(this, { lab, page, person, language, address, userAgent });
    this.spoken = new Set();
  }

  get demo() {
    return this.lab.demo;
  }

  get other() {
    return this.language === 'en' ? 'ja' : 'en';
  }

  /** On the way to the sample service. */
  open() {
    return openService(this.page, this.demo);
  }

  /** Somewhere at Sekimori. */
  go(path) {
    return this.page.goto(new URL(path, this.demo.issuer).href);
  }

  /** Fill one field and press the form's first button. */
  async give(field, value) {
    await this.listen();
    await step(this.page, field, value);
  }

  name(typed = this.person.username) {
    return this.give('username', typed);
  }

  password(typed = this.person.password) {
    return this.give('password', typed);
  }

  /** The code of the person's app, or what is typed instead. */
  async code(typed) {
    return this.give('code', typed ?? (await this.lab.nextCode(this.person)));
  }

  asks(field) {
    return asksFor(this.page, field);
  }

  /** Answer what is asked, one step after the other, with what the person has. */
  async proceed() {
    if (await this.asks('username')) await this.name();
    if (await this.asks('password')) await this.password();
    if (this.person.secret && (await this.asks('code'))) await this.code();
  }

  /** To the service, name and password. */
  async identify() {
    await this.open();
    await this.listen();
    await giveNameAndPassword(this.page, this.person);
  }

  /** The page's main way on: a link that looks like a button, or the form's first button. */
  async follow() {
    const link = this.page.locator('main p.next a.button').first();
    const button = this.page.locator('form#step button[type="submit"]').first();
    await this.press((await link.count()) > 0 ? link : button);
  }

  /** Press something that leads to another page. */
  async press(what) {
    await Promise.all([this.page.waitForLoadState('load'), what.click()]);
    await this.page.waitForLoadState('load');
  }

  /** Somebody who was refused a moment ago tries again a second later. */
  pause(milliseconds = 1100) {
    return this.page.waitForTimeout(milliseconds);
  }

  /** Look again and again, until it holds: what was set is on its way to the server. */
  async until(holds) {
    for (let tries = 0; tries < 150; tries += 1) {
      if (await holds()) return;
      await this.pause(200);
    }
    throw new Error(`it does not come to hold: ${await this.read()}`);
  }

  /** The browser is on another network from now on. */
  async moveTo(network) {
    this.address = this.lab.address(network, this.person.number);
    await moveTo(this.page, this.address);
  }

  /** The same person in another browser, which knows nothing. */
  async elsewhere({ from = 'outside', browser } = {}) {
    const { lab, person, language } = this;
    return lab.visit({ from, language, browser, person });
  }

  /** In: the sample service knows who came. */
  arrived() {
    return arrived(this.page, this.demo, this.person);
  }

  read() {
    return text(this.page);
  }

  incident() {
    return incidentCode(this.page);
  }

  /** The present page over HTTP in the other language, with this browser's cookies. */
  async overHttp() {
    const url = this.page.url();
    const kept = this.cookieless ? [] : await this.page.context().cookies(url);
    const headers = { 'accept-language': this.other, 'x-forwarded-for': this.address };
    if (this.userAgent) headers['user-agent'] = this.userAgent;
    if (kept.length > 0) headers.cookie = kept.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { headers, redirect: 'manual' });
    return plain(await answer.text());
  }

  /** Note in which languages the present page speaks. */
  async listen() {
    this.spoken.add(await this.page.locator('html').getAttribute('lang'));
    const [, lang] = /<html lang="(\w+)">/.exec((await this.overHttp()).source) ?? [];
    this.spoken.add(lang);
  }

  /** Has an authenticator app from now on; registered on campus, in a browser that is then closed. */
  async registerApp() {
    const { lab, person } = this;
    const campus = await lab.visit({ from: 'campus', person });
    await campus.go('/portal/totp');
    await campus.proceed();
    await campus.newApp();
    await campus.page.context().close();
  }

  /** The desk gives a ticket for an app, which is entered where the page leads to. */
  async byTicket() {
    const { page, demo, person } = this;
    const made = demo.command('person', 'code', person.username, '--for', 'factor', '--json');
    await this.press(page.locator('main a[href*="ticket"]').first());
    await page.fill('#ticket', JSON.parse(made).ticket);
    await this.follow();
    await this.newApp();
  }

  /** At the page that shows a new app's secret: take it, and the sheet of recovery codes that comes with it. */
  async newApp() {
    const { page, person } = this;
    const secret = await page.locator('code.secret').getAttribute('data-value');
    person.secret = secret.replaceAll(' ', '');
    await this.code();
    person.codes = await page.locator('ol.codes li').allInnerTexts();
    if (person.codes.length === 0) throw new Error(`no sheet of codes: ${await this.read()}`);
    await this.follow();
  }
}

/** The words of a page's HTML, and the HTML itself. */
export function plain(html) {
  const entities = { '&#39;': "'", '&#x27;': "'", '&quot;': '"', '&amp;': '&', '&lt;': '<', '&gt;': '>' };
  const words = html
    .replace(/<(script|style)[^>]*>.*?<\/\1>/gs, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&[#\w]+;/g, (entity) => entities[entity] ?? entity)
    .replace(/\s+/g, ' ');
  return { words, source: html };
}
