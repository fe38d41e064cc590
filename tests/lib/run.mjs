// The runner: `node tests/lib/run.mjs PART FILES…`, or a part of a sentence in SEKIMORI_JOURNEY to
// walk only those. Prints a line for each journey and writes the counts for ./test.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { closeBrowser } from './browser.mjs';
import { journeys } from './journey.mjs';
import { emptyFolder, workFolder } from './work.mjs';
import { World } from './world.mjs';

const [part, ...files] = process.argv.slice(2);
const only = process.env.SEKIMORI_JOURNEY ?? '';
const atOnce = Number(process.env.SEKIMORI_JOURNEYS_AT_ONCE ?? 2);

const worlds = new Set();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    interrupted = true;
    await Promise.all([...worlds].map((world) => world.end()));
    await closeBrowser();
    process.exit(130);
  });
}

/** Walk one journey in a world of its own; gives its error, or nothing. */
async function walk({ sentence, walk: steps, seconds }) {
  const world = new World(sentence);
  worlds.add(world);
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([steps(world), tooLong]);
    world.checkPages();
    return undefined;
  } catch (error) {
    await world.record(error);
    return error;
  } finally {
    clearTimeout(timer);
    await world.end();
    worlds.delete(world);
  }
}

function tell(sentence, error, folder, started) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (!error) {
    console.log(`ok      ${sentence} (${seconds} s)`);
    return;
  }
  console.log(`FAILED  ${sentence} (${seconds} s)`);
  const text = String(error?.stack ?? error).split('\n').slice(0, 25);
  console.log(text.map((line) => `        ${line}`).join('\n'));
  console.log(`        see ${path.relative(process.cwd(), folder)}`);
}

async function main() {
  emptyFolder(part);
  for (const file of files) await import(pathToFileURL(path.resolve(file)));
  const chosen = journeys.filter(({ sentence }) => sentence.includes(only));
  const waiting = [...chosen];
  let passed = 0;
  let failed = 0;
  const worker = async () => {
    for (let next = waiting.shift(); next && !interrupted; next = waiting.shift()) {
      const started = Date.now();
      const error = await walk(next);
      if (interrupted) return;
      if (error) failed += 1;
      else passed += 1;
      tell(next.sentence, error, workFolder(next.sentence), started);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker));
  if (interrupted) return;
  await closeBrowser();
  const counts = process.env.SEKIMORI_TEST_COUNTS;
  if (counts) fs.appendFileSync(counts, `${part} ${passed} ${failed}\n`);
  else console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();
