// The laboratory: one server with a clock that can be moved, one browser, many people, and services of all kinds.

import fs from 'node:fs';
import { isIP } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Demo } from '../../lib/demo.mjs';
import { run } from '../../lib/process.mjs';
import { keep } from '../../lib/work.mjs';
import { World } from '../../lib/world.mjs';
import { Authority } from './authority.mjs';
import { site } from './site.mjs';
import { startServices } from './services.mjs';
import { Visit } from './visit.mjs';

/** How many people there are: nobody is in two causes. */
const PEOPLE = 160;
/** The library that stands before the clock (Debian: faketime). */
function faketime() {
  const places = fs.readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`);
  const found = places.find((place) => fs.existsSync(place));
  if (!found) throw new Error('libfaketime is not installed (Debian: faketime)');
  return found;
}

/** Where and when everything is staged. */
export class Laboratory {
  static async open() {
    const lab = new Laboratory();
    try {
      await lab.start();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  constructor() {
    this.world = new World('the laboratory');
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sekimori-causes.'));
    this.clock = path.join(this.folder, 'clock');
    this.minutes = 0;
    this.handedOut = 0;
    this.authorities = ['national', 'by-mail', 'withdrawn', 'silent', 'unlisted'].map((name) =>
      new Authority(this.folder, name, {
        rule: name === 'by-mail' ? 'mail' : 'common_name',
        list: name !== 'silent',
        more: name === 'withdrawn' ? 'withdrawn_as_of = "2025-01-01T00:00:00Z"' : '',
      }),
    );
    this.taken = 0;
  }

  async start() {
    this.move(0);
    const env = {
      ...process.env,
      LD_PRELOAD: faketime(),
      FAKETIME_TIMESTAMP_FILE: this.clock,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    this.demo = await this.world.demo({ env });
    this.services = await startServices(this.world);
    for (const authority of this.authorities) await authority.start(this.world);
    this.change((document) => site(document, this));
    this.admit();
  }

  /** The site's settings change, as whoever looks after them would do it. */
  change(how) {
    const document = path.join(this.folder, 'site.toml');
    fs.writeFileSync(document, how(this.demo.command('export')));
    this.demo.command('apply', document, '--yes');
  }

  /** Somebody belongs to a group from now on. */
  enrol({ username }, group) {
    const list = path.join(this.folder, `group-${username}.csv`);
    fs.writeFileSync(list, `username,groups\n${username},${group}\n`);
    this.demo.command('person', 'import', list, '--yes');
  }

  /** Everybody comes at once, as a list of the registrar's. */
  admit() {
    const rows = ['username,name_en,mail,affiliation,password'];
    this.people = Array.from({ length: PEOPLE }, (_, index) => {
      const username = `s25${String(10001 + index)}`;
      const password = `quiet harbour ${index} window ${index * 7 + 3}`;
      rows.push(`${username},Person ${index},${username}@mail.example,student,${password}`);
      return { username, password };
    });
    const list = path.join(this.folder, 'people.csv');
    fs.writeFileSync(list, rows.join('\n'));
    this.demo.command('person', 'import', list, '--yes');
  }

  /** Somebody whom no other cause has. */
  somebody() {
    const person = this.people[this.taken];
    if (!person) throw new Error('there are no more people');
    this.taken += 1;
    return { ...person, number: this.taken };
  }

  /** Somebody in front of a browser: `from` a network, in a language. */
  async visit({ from = 'outside', language = 'en', browser = {}, person } = {}) {
    const somebody = person ?? this.somebody();
    const address = this.address(from, somebody.number);
    const page = await this.world.browser({ address, language, ...browser });
    return new Visit(this, page, { person: somebody, language, address, userAgent: browser.userAgent });
  }

  /** One of the authorities of elsewhere. */
  authority(name) {
    return this.authorities.find((authority) => authority.name === name);
  }

  /** An address in a network; everybody has another one, or one person's mistakes would slow the next. */
  address(network, number) {
    const among = (nets, first = 0) => `10.10.${first + (number % nets)}.${10 + Math.floor(number / nets)}`;
    const of = {
      outside: `198.18.${number}.7`,
      campus: among(90),
      eduroam: among(16, 96),
      relay: `198.19.${number}.7`,
      unnamed: `2001:db8:${number}::7`,
    };
    const address = of[network];
    if (!address || !isIP(address)) throw new Error(`there is no address ${number} in the network ${network}`);
    return address;
  }

  /** The server's clock goes on by so many minutes, for everybody. */
  move(minutes) {
    this.minutes += minutes;
    // Whoever reads it meanwhile finds the former or the new one, and never half of it.
    fs.writeFileSync(`${this.clock}.new`, `+${this.minutes}m`);
    fs.renameSync(`${this.clock}.new`, this.clock);
  }

  /** The clock has gone on by so many minutes, and the server's answers say so. */
  async later(minutes) {
    this.move(minutes);
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(new URL('/help', this.demo.issuer));
      if (Math.abs(Date.parse(answer.headers.get('date')) / 1000 - this.now()) < 10) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('the clock of the server does not move');
  }

  /** The server's time, in seconds since 1970. */
  now() {
    return Date.now() / 1000 + this.minutes * 60;
  }

  /** The code that an app with this secret shows, when it is `wrong` seconds off. */
  code(secret, wrong = 0) {
    const time = new Date((this.now() + wrong) * 1000).toISOString();
    return run('oathtool', ['--totp', '--base32', `--now=${time}`, secret]).trim();
  }

  /** The next code of a person's app that is not spent: an app may be one step ahead. */
  async nextCode(person) {
    const step = () => Math.floor(this.now() / 30);
    const next = person.step === undefined ? step() : Math.max(step(), person.step + 1);
    while (next > step() + 1) await new Promise((resolve) => setTimeout(resolve, 200));
    person.step = next;
    return this.code(person.secret, next * 30 + 1 - this.now());
  }

  /** The desk ends factors of somebody: those of a method, or all. */
  endFactors({ username }, only) {
    const factors = JSON.parse(this.demo.command('person', 'factors', username, '--json'));
    for (const { id, method } of factors) {
      if (!only || method === only) this.demo.command('person', 'factors', username, '--end', id);
    }
  }

  /** What the audit says of a person, in order: the reasons. */
  audited(person) {
    const { id } = JSON.parse(this.demo.command('person', 'show', person.username, '--json'));
    return this.demo
      .command('audit', 'export', '--since', '1d')
      .split('\n')
      .filter((line) => line.includes(id))
      .map((line) => JSON.parse(line))
      .filter(({ reason }) => reason)
      .map(({ reason }) => reason);
  }

  async close() {
    if (this.demo) keep(this.world.sentence, 'server.log', this.demo.running.log.join('\n'));
    await this.world.end();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
