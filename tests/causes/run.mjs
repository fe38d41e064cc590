// The cause laboratory: `node tests/causes/run.mjs`, or numbers of causes after it to stage only those.
//
// Each cause is one test; one more is that docs/causes.md says what was seen. Verdicts go to target/causes.json.

import fs from 'node:fs';
import path from 'node:path';
import { closeBrowser } from '../lib/browser.mjs';
import { emptyFolder, root } from '../lib/work.mjs';
import { causes } from './lib/cause.mjs';
import { begin, end, unseen } from './lib/judge.mjs';
import { Laboratory } from './lib/laboratory.mjs';
import { table } from './lib/table.mjs';
import './reaching.mjs';
import './names.mjs';
import './passwords.mjs';
import './networks.mjs';
import './factors.mjs';
import './codes.mjs';
import './certificates.mjs';
import './passkeys.mjs';
import './services.mjs';
import './accounts.mjs';
import './check.mjs';

const AT_ONCE = Number(process.env.SEKIMORI_JOURNEYS_AT_ONCE ?? 3);
const only = process.argv.slice(2).map(Number);
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** Japanese in the browser and English over HTTP, or the other way round: half of the causes each. */
const languageOf = (entry) => (causes.indexOf(entry) % 2 === 0 ? 'ja' : 'en');

/** Do `work` with all of `entries`, a few at a time. */
async function each(entries, work, atOnce = AT_ONCE) {
  const waiting = [...entries];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** All verdicts, in the order of the causes. */
async function stageAll(lab, chosen) {
  const seen = new Map();
  const staged = async (entry) => {
    const started = Date.now();
    const verdict = await end(await begin(lab, entry, languageOf(entry)));
    seen.set(entry, verdict);
    tell(entry, verdict, started);
  };
  for (const entry of chosen.filter(({ kind }) => kind === 'not yet')) seen.set(entry, unseen(entry));
  const named = chosen.filter(({ kind }) => kind !== 'not yet');
  await each(named.filter(({ later, alone }) => !later && !alone), staged);
  await each(named.filter(({ alone }) => alone), staged, 1);
  const patient = named.filter(({ later }) => later).sort((a, b) => a.later - b.later);
  const begun = [];
  await each(patient, async (entry) => begun.push(await begin(lab, entry, languageOf(entry))), 1);
  let gone = 0;
  for (const one of begun) {
    await lab.later(one.entry.later - gone);
    gone = one.entry.later;
    const started = Date.now();
    const verdict = await end(one);
    seen.set(one.entry, verdict);
    tell(one.entry, verdict, started);
  }
  return chosen.map((entry) => seen.get(entry));
}

const good = (verdict) =>
  verdict.recognised && verdict.explain_agrees && verdict.next_step_works && verdict.languages &&
  !verdict.tier.endsWith('not kept');

function tell(entry, verdict, started) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const { recognised, explain_agrees: explained, next_step_works: works, languages, tier } = verdict;
  const missing = Object.entries({ recognised, explained, works, languages })
    .filter(([, holds]) => !holds)
    .map(([name]) => name);
  console.log(`${good(verdict) ? 'ok    ' : 'FAILED'}  ${entry.number} ${entry.what} (${seconds} s)`);
  if (good(verdict)) return;
  console.log(`        not ${missing.join(', ')}; ${verdict.reason}, ${tier}`);
  for (const note of verdict.notes) console.log(`        ${note.replaceAll(/\s+/g, ' ')}`);
}

function write(verdicts) {
  fs.mkdirSync(target, { recursive: true });
  const rows = verdicts.map(({ cause, recognised, reason, where, tier, explain_agrees, next_step_works, languages }) =>
    ({ cause, recognised, reason, where, tier, explain_agrees, next_step_works, languages }));
  fs.writeFileSync(path.join(target, 'causes.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

/** Whether the table in the documentation says what was seen. */
function isTrue(entries, verdicts) {
  const text = table(entries, verdicts);
  const committed = path.join(root, 'docs/causes.md');
  if (fs.existsSync(committed) && fs.readFileSync(committed, 'utf8') === text) return true;
  const place = path.join(target, 'causes.md');
  fs.writeFileSync(place, text);
  console.log(`FAILED  docs/causes.md does not say what was seen: ${path.relative(process.cwd(), place)} does`);
  return false;
}

async function main() {
  emptyFolder('causes');
  const chosen = causes
    .filter(({ number }) => only.length === 0 || only.includes(number))
    .sort((a, b) => a.number - b.number);
  const lab = await Laboratory.open();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      await lab.close();
      await closeBrowser();
      process.exit(130);
    });
  }
  let results;
  try {
    const verdicts = await stageAll(lab, chosen);
    write(verdicts);
    results = verdicts.filter((_, index) => chosen[index].kind !== 'not yet').map(good);
    for (const complaint of lab.world.complaints) console.log(`FAILED  ${complaint}`);
    results.push(lab.world.complaints.length === 0);
    if (only.length === 0) results.push(isTrue(chosen, verdicts));
  } finally {
    await lab.close();
    await closeBrowser();
  }
  const passed = results.filter(Boolean).length;
  const failed = results.length - passed;
  const counts = process.env.SEKIMORI_TEST_COUNTS;
  if (counts) fs.appendFileSync(counts, `causes ${passed} ${failed}\n`);
  else console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();
