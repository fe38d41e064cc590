// F. Authenticator apps and recovery codes. G. Codes by mail.

import fs from 'node:fs';
import path from 'node:path';
import { binary } from '../lib/demo.mjs';
import { run } from '../lib/process.mjs';
import { mailedCodes } from '../lib/mail.mjs';
import { absorbed, cause, notYet } from './lib/cause.mjs';

const wide = (plain) => plain.replace(/\d/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

/** From home, with an app, at the step that asks for its code. */
async function asked(visit) {
  await visit.registerApp();
  await visit.identify();
}

/** The next code of an app that is right. */
async function nextCode(visit) {
  await visit.pause();
  await visit.code();
}

cause(65, 'The clock of the phone is wrong', {
  reason: 'mfa.clock_drift',
  says: { en: /in 7 minutes: the clock of your phone is ahead/, ja: /7\s*分後のものです。スマートフォンの時計が進んで/ },
  async stage(visit) {
    await asked(visit);
    await visit.code(visit.lab.code(visit.person.secret, 7 * 60));
    await visit.pause(31_000);
    await visit.code(visit.lab.code(visit.person.secret, 7 * 60));
  },
  next: nextCode,
});

cause(67, 'The same code a second time', {
  reason: 'mfa.code_reused',
  async stage(visit) {
    await asked(visit);
    const code = await visit.lab.nextCode(visit.person);
    await visit.code(code);
    await visit.arrived();
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.code(code);
  },
  next: nextCode,
});

notYet(68, 'The code of an entry from before', 'Secrets that were replaced are not kept, so nothing can be compared with them.');

absorbed(69, 'A code with a space or full-width digits', {
  async stage(visit) {
    await asked(visit);
    const code = wide(await visit.lab.nextCode(visit.person));
    await visit.code(`${code.slice(0, 3)}\u3000${code.slice(3)} `);
  },
});

cause(71, 'A recovery code that was used before', {
  reason: 'mfa.recovery_spent',
  async stage(visit) {
    await asked(visit);
    await visit.press(visit.page.locator('a[href*="lost="]').first());
    await visit.follow();
    await visit.code(visit.person.codes[0]);
    await visit.arrived();
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.press(visit.page.locator('a[href*="lost="]').first());
    await visit.follow();
    await visit.code(visit.person.codes[0]);
  },
  async next(visit) {
    await visit.pause();
    await visit.code(visit.person.codes[1]);
  },
});

cause(72, 'The app was deleted, and the sheet lost as well', {
  reason: 'ask.second_factor',
  codeless: 'It is a question, and not a refusal.',
  says: { en: /they end what you have lost, and you get a ticket/, ja: /なくしたものを使えなくし、新しく登録するためのチケット/ },
  async stage(visit) {
    await asked(visit);
    await visit.press(visit.page.locator('a[href*="lost="]').first());
    await visit.follow();
    await visit.press(visit.page.locator('a[href*="lost="]').first());
  },
  async next(visit) {
    visit.lab.endFactors(visit.person);
    visit.person.secret = undefined;
    await visit.identify();
    await visit.byTicket();
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.code();
  },
});

absorbed(74, 'The third wrong code', {
  async stage(visit) {
    await asked(visit);
    for (const wrong of ['000001', '000002', '000003']) {
      await visit.code(wrong);
      await visit.pause();
    }
    await visit.code();
  },
  counts: true,
});

/** A person with an address for codes, at the step that sends one. */
async function addressed(visit) {
  const { lab, person, demo } = visit;
  person.mailed = (await mailedCodes(demo)).length;
  const campus = await lab.visit({ from: 'campus', person });
  await campus.go('/portal/mail-code');
  await campus.proceed();
  await campus.page.fill('#address', `${person.username}@post.example`);
  await campus.follow();
  await campus.code(await mailed(visit));
  await campus.page.context().close();
  await visit.identify();
}

/** The next code that is mailed to the person, as the demo's page shows it. */
async function mailed(visit) {
  const { demo, person } = visit;
  for (let tries = 0; tries < 150; tries += 1) {
    const articles = (await (await fetch(demo.mail)).text()).split('<article').slice(1);
    const own = articles.filter((article) => article.includes(`${person.username}@post.example`));
    const codes = own.flatMap((article) => article.match(/^ +(\d{4} \d{4})$/m)?.[1] ?? []);
    if (codes.length > (person.codesSeen ?? 0)) {
      person.codesSeen = codes.length;
      return codes[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no code was mailed');
}

/** The other mail server returns the newest mail: what it says goes to the command that a mail server here runs. */
async function comesBack({ demo, lab, person }) {
  const [article] = (await (await fetch(demo.mail)).text())
    .split('<article').filter((one) => one.includes(`${person.username}@post.example`));
  const [, mark] = /Return-Path: <code>([^<]+)</.exec(article);
  const report = path.join(lab.folder, `${person.username}-returned`);
  fs.writeFileSync(report, [
    'From: MAILER-DAEMON@mx.post.example', `To: ${mark}`, 'Subject: Undelivered Mail Returned to Sender',
    'MIME-Version: 1.0', 'Content-Type: multipart/report; report-type=delivery-status; boundary="part"', '',
    '--part', 'Content-Type: text/plain', '', 'Your mail could not be delivered.', '',
    '--part', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.post.example', '',
    `Final-Recipient: rfc822; ${person.username}@post.example`, 'Action: failed', 'Status: 5.2.2',
    'Diagnostic-Code: smtp; 552 5.2.2 the mailbox is full', '', '--part--', '',
  ].join('\r\n'));
  const message = fs.openSync(report);
  const said = run(binary(), ['mail', 'bounce', '--json'], { cwd: demo.folder, stdio: [message, 'pipe', 'pipe'] });
  fs.closeSync(message);
  if (!said.includes('true')) throw new Error(`it is not believed: ${said}`);
}

absorbed(75, '“Send” was never pressed', {
  async stage(visit) {
    await addressed(visit);
    if (await visit.asks('code')) throw new Error('there is a field before a code was sent');
    await visit.follow();
    await visit.code(await mailed(visit));
  },
});

cause(76, 'The mail does not come: the mailbox is full, or gone', {
  reason: 'ask.mail_code',
  codeless: 'It is a question, and not a refusal.',
  says: { en: /It came back at .*552 5\.2\.2 .*mailbox is full/, ja: /配達できずに戻ってきました（.*552 5\.2\.2 .*mailbox is full/ },
  async stage(visit) {
    await addressed(visit);
    await visit.follow();
    await mailed(visit);
    await comesBack(visit);
    await visit.page.reload();
  },
  async next(visit) {
    // The desk ends the address, and gives a ticket for something else.
    visit.lab.endFactors(visit.person);
    await visit.identify();
    await visit.byTicket();
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.code();
  },
});

cause(77, 'The code of an earlier mail', {
  reason: 'mail.code_superseded',
  async stage(visit) {
    await addressed(visit);
    await visit.follow();
    const first = await mailed(visit);
    await visit.pause(31_000);
    await visit.press(visit.page.locator('button[name="send"][value="another"]'));
    visit.newest = await mailed(visit);
    await visit.code(first);
  },
  async next(visit) {
    await visit.pause();
    await visit.code(visit.newest);
  },
});

cause(78, 'The mailed code is too old', {
  reason: 'mail.code_expired',
  later: 6,
  async stage(visit) {
    await addressed(visit);
    await visit.follow();
    visit.old = await mailed(visit);
  },
  after: (visit) => visit.code(visit.old),
  async next(visit) {
    await visit.follow();
    await visit.code(await mailed(visit));
  },
});

cause(79, 'The mailbox opens with this very sign-in', {
  from: 'campus',
  where: 'portal',
  reason: 'mail.address_own',
  async stage(visit) {
    await visit.go('/portal/mail-code');
    await visit.proceed();
    await visit.page.fill('#address', `${visit.person.username}@demo.example`);
    await visit.follow();
  },
  async next(visit) {
    await visit.page.fill('#address', `${visit.person.username}@post.example`);
    await visit.follow();
    await visit.code(await mailed(visit));
    await visit.moveTo('outside');
    await visit.page.context().clearCookies();
    await visit.identify();
    await visit.follow();
    await visit.code(await mailed(visit));
  },
});

absorbed(80, 'A wrong address on file', {
  async stage(visit) {
    const { lab, person } = visit;
    const campus = await lab.visit({ from: 'campus', person });
    await campus.go('/portal/mail-code');
    await campus.proceed();
    await campus.page.fill('#address', `${person.username}@psot.example`);
    await campus.follow();
    const onFile = () => JSON.parse(lab.demo.command('person', 'factors', person.username, '--json')).length;
    if (onFile() !== 0) throw new Error('an address counts that nobody has shown to be theirs');
    await campus.page.context().close();
    // The next code is sent half a minute later.
    await visit.pause(31_000);
    await addressed(visit);
    if (onFile() === 0) throw new Error('there is no address');
    await visit.follow();
    await visit.code(await mailed(visit));
  },
});
absorbed(81, 'A scanner follows what stands in the mail', {
  async stage(visit) {
    await addressed(visit);
    await visit.follow();
    const code = await mailed(visit);
    const [mail] = (await (await fetch(visit.demo.mail)).text())
      .split('<article').filter((article) => article.includes(`${visit.person.username}@post.example`));
    for (const [address] of mail.matchAll(/https?:[^\s<"]+/g)) {
      for (const method of ['HEAD', 'GET', 'POST']) await fetch(address, { method, redirect: 'manual' });
    }
    await visit.code(code);
  },
});
