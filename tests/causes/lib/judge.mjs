// What was seen of one cause, and what that is worth.

import { heading, tier } from './words.mjs';

/** Begin a cause: as far as time has to pass for it. */
export async function begin(lab, entry, language) {
  const { from, browser } = entry;
  const visit = await lab.visit({ from, language, browser });
  const seen = { visit, notes: [] };
  await attempt(seen, 'staging', () => entry.stage(visit));
  return { entry, visit, seen };
}

/** End it, and judge. */
export async function end({ entry, visit, seen }) {
  if (entry.after && !seen.broken) await attempt(seen, 'what came after', () => entry.after(visit));
  const judged = entry.kind === 'absorbed' ? absorption : naming;
  const verdict = (await attempt(seen, 'looking', () => judged(entry, visit, seen))) ?? row(entry, {});
  await close(visit);
  return { ...verdict, notes: seen.notes };
}

/** A cause that is not recognised: nothing was seen of it. */
export function unseen({ number, why }) {
  const nothing = { reason: '', where: '', tier: '', recognised: false, explain_agrees: false };
  return { cause: number, ...nothing, next_step_works: false, languages: false, notes: [], why };
}

async function attempt(seen, doing, what) {
  try {
    return await what();
  } catch (error) {
    seen.broken = true;
    seen.notes.push(`${doing}: ${String(error?.message ?? error).slice(0, 600)}`);
    const shown = await seen.visit.read().catch(() => '');
    seen.notes.push(`at ${seen.visit.page.url().slice(0, 100)}: ${shown.replace(/\s+/g, ' ').slice(0, 900)}`);
    return undefined;
  }
}

/** Nothing may go wrong, in either language, and nothing may be counted. */
async function absorption(entry, visit, seen) {
  const led = await leads(entry, visit, seen, async () => {});
  const reasons = led ? await attempt(seen, 'the audit', () => visit.lab.audited(visit.person)) : [];
  const admitted =
    led && reasons?.at(-1) === entry.reason && (entry.counts || reasons.every((reason) => !refusal(reason)));
  if (led && !admitted) seen.notes.push(`the audit says ${reasons}`);
  const languages = visit.spoken.has('en') && visit.spoken.has('ja');
  return row(entry, { recognised: led, agrees: admitted, works: led, languages });
}

const refusal = (reason) => !/^(ok|ask)\./.test(reason);

/** The page must name it, in both languages; `explain` must agree; the next step must lead in. */
async function naming(entry, visit, seen) {
  if (seen.broken) return row(entry, {});
  const shown = await visit.read();
  const code = await visit.incident();
  const inBrowser = says(entry, shown, visit.language, seen);
  const inOther = entry.here ? await inOtherBrowser(entry, visit, seen) : await overHttp(entry, visit, seen);
  const agrees = await explained(entry, visit, code, seen);
  const kept = told(entry) === 'public' || (await attempt(seen, 'the tier', () => keeps(entry, visit)));
  await visit.lab.world.shot(visit.page, `${entry.number}-${visit.language}`);
  const works = await leads(entry, visit, seen, entry.next);
  return row(entry, { recognised: inBrowser, agrees, works, languages: inBrowser && inOther, kept });
}

/** Whether the words of a page name the cause. */
function says(entry, words, language, seen) {
  const wanted = [entry.reason ? heading(entry.reason, language) : [], entry.says?.[language] ?? []].flat();
  const missing = wanted.filter((pattern) => !pattern.test(words));
  if (missing.length > 0) {
    seen.notes.push(`not on the page in ${language}: ${missing.join(' and ')}; it says: ${words.slice(0, 900)}`);
  }
  return missing.length === 0;
}

async function overHttp(entry, visit, seen) {
  const { words } = await visit.overHttp();
  return says(entry, words, visit.other, seen);
}

/** What a script says is seen in a browser alone: somebody else gets into the same trouble in the other language. */
async function inOtherBrowser(entry, visit, seen) {
  const { from, browser } = entry;
  const other = await visit.lab.visit({ from, language: visit.other, browser });
  const said = await attempt(seen, `staging in ${visit.other}`, async () => {
    await entry.stage(other);
    return says(entry, await other.read(), visit.other, seen);
  });
  await close(other);
  return said === true;
}

async function explained(entry, visit, code, seen) {
  if (entry.here || entry.unrecorded) {
    // Nothing was counted: no code is given, and no failure may be kept but those of before.
    if (code) seen.notes.push(`there is a code: ${code}`);
    const reasons = visit.lab.audited(visit.person).filter(refusal).join(' ');
    const before = (entry.before ?? []).join(' ');
    if (reasons !== before) seen.notes.push(`the audit says "${reasons}" and not "${before}"`);
    return !code && reasons === before;
  }
  if (!code && !entry.codeless) {
    seen.notes.push('there is no incident code on the page');
    return false;
  }
  if (!code) {
    // Nothing was refused: the audit's last word on the person.
    const last = visit.lab.audited(visit.person).at(-1);
    if (last !== entry.reason) seen.notes.push(`no incident code; the audit says ${last}`);
    return last === entry.reason;
  }
  const explained = await attempt(seen, 'explain', () => visit.demo.explain(code));
  const { reason } = explained?.line ?? {};
  if (reason !== entry.reason) seen.notes.push(`explain says ${reason}`);
  return reason === entry.reason;
}

/** Somebody who does not know the password reads what is said of a name that nobody has. */
async function keeps(entry, visit) {
  const { lab, person } = visit;
  const pages = [];
  for (const username of [person.username, `${person.username}9`]) {
    const stranger = await lab.visit({ from: 'outside', person: { ...person, username } });
    await stranger.open();
    await stranger.name();
    await stranger.password('not the one at all');
    const code = await stranger.incident();
    const told = await stranger.page.locator('h1, .summary, .field-error, .say').allInnerTexts();
    if (heading(entry.reason, 'en').test(told.join('\n'))) throw new Error('told to somebody without the password');
    const shown = (await stranger.read()).replaceAll(code, 'CODE').replaceAll(username, 'NAME');
    pages.push(shown.replaceAll(/\d+:\d+(:\d+)?/g, 'TIME'));
    await stranger.page.context().close();
  }
  if (pages[0] !== pages[1]) throw new Error(`told apart:\n${pages[0]}\n${pages[1]}`);
  return true;
}

async function leads(entry, visit, seen, next) {
  if (seen.broken || !next) return false;
  const ok = await attempt(seen, 'the next step', async () => {
    await next(visit);
    await (entry.lands ? entry.lands(visit) : visit.arrived());
    return true;
  });
  return ok === true;
}

/** Who may be told. What a script finds in the page is told to whoever sits before it. */
const told = (entry) => (entry.reason ? tier(entry.reason) : 'public');

function row(entry, { recognised = false, agrees = false, works = false, languages = false, kept = true }) {
  const who = told(entry);
  return {
    cause: entry.number,
    recognised,
    reason: entry.reason,
    where: entry.where,
    tier: kept ? who : `${who}, not kept`,
    explain_agrees: agrees,
    next_step_works: works,
    languages,
  };
}

async function close(visit) {
  await visit.page.context().close().catch(() => {});
}
