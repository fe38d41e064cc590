// What a journey has at hand: a demo, people with browsers, screenshots. Everything ends with it.

import path from 'node:path';
import { violations } from './axe.mjs';
import { newContext } from './browser.mjs';
import { Demo } from './demo.mjs';
import { keep, workFolder } from './work.mjs';

/** The world of one journey. */
export class World {
  constructor(sentence) {
    this.sentence = sentence;
    this.closers = [];
    this.contexts = [];
    this.scriptless = new Set();
    this.complaints = [];
    this.demos = [];
    this.servers = [];
  }

  /** Start a demo for this journey alone. */
  async demo(options) {
    const demo = await Demo.start(options);
    this.demos.push(demo);
    this.atEnd(() => demo.stop());
    return demo;
  }

  /** Run `close` when the journey ends; what was opened last is closed first. */
  atEnd(close) {
    this.closers.unshift(close);
  }

  /**
   * A browser of one's own: a page in a new context (see browser.mjs for the options). Errors of
   * scripts and refusals by the content security policy make the journey fail at its end.
   */
  async browser(options = {}) {
    const context = await newContext(options);
    context.setDefaultTimeout(15_000);
    this.contexts.push(context);
    if (options.javascript === false) this.scriptless.add(context);
    this.atEnd(() => context.close().catch(() => {}));
    context.on('weberror', (event) => this.complaints.push(`script: ${event.error().message}`));
    context.on('console', (message) => {
      if (message.type() === 'error' && /Content.Security.Policy/i.test(message.text())) {
        this.complaints.push(`policy: ${message.text()}`);
      }
    });
    return context.newPage();
  }

  /** Keep a screenshot of the whole page as NAME.png. */
  async shot(page, name) {
    const place = path.join(workFolder(this.sentence), `${name}.png`);
    await page.screenshot({ path: place, fullPage: true });
    return place;
  }

  /**
   * No violation of WCAG 2.2 A/AA, no scrolling sideways; a screenshot as NAME.png. (axe-core needs
   * timers, which do not run where JavaScript is off: there only the width is looked at.)
   */
  async inspect(page, name) {
    await this.shot(page, name);
    const found = this.scriptless.has(page.context()) ? [] : await violations(page);
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (wide > 0) found.push(`scrolls sideways by ${wide} px at ${page.viewportSize().width} px`);
    if (found.length > 0) {
      throw new Error(`${name} (${page.url().slice(0, 100)}):\n${found.join('\n')}`);
    }
  }

  /** Whatever pages complained about on the way. */
  checkPages() {
    if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'));
  }

  /** Keep what helps to understand `error`: every open page, every server's log. */
  async record(error) {
    try {
      keep(this.sentence, 'error.txt', String(error?.stack ?? error));
      const pages = this.contexts.flatMap((context) => context.pages());
      for (const [index, page] of pages.entries()) {
        keep(this.sentence, `page-${index}.html`, `<!-- ${page.url()} -->\n${await page.content()}`);
        await this.shot(page, `page-${index}`);
      }
      for (const [index, demo] of [...this.demos, ...this.servers].entries()) {
        keep(this.sentence, `server-${index}.log`, demo.running.log.join('\n'));
      }
    } catch (other) {
      keep(this.sentence, 'record-failed.txt', String(other));
    }
  }

  /** Close everything, in the order opposite to opening. */
  async end() {
    for (const close of this.closers.splice(0)) {
      try {
        await close();
      } catch (error) {
        console.log(`        while ending: ${error.message}`);
      }
    }
  }
}
