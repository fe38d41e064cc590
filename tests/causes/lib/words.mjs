// What the catalogues say: the heading of each reason in both languages, and its tier.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../lib/work.mjs';

const read = (name) => fs.readFileSync(path.join(root, name), 'utf8');
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A heading with its blanks, as a pattern. */
const pattern = (heading) => heading.split(/\{[^}]*\}/).map(escaped).join('.+');

/** The headings of a catalogue: id to a pattern of all that the heading may be. */
function headings(language) {
  const found = new Map();
  let id;
  let variants;
  for (const line of read(`crates/words/catalogue/${language}/reasons.ftl`).split('\n')) {
    const [, begun] = /^(reason-[a-z0-9-]+) =/.exec(line) ?? [];
    if (begun) [id, variants] = [begun, undefined];
    const [, heading] = /^ {4}\.title = (.*)$/.exec(line) ?? [];
    const [, variant] = /^\s+\*?\[\w+\] (.*)$/.exec(line) ?? [];
    if (heading?.startsWith('{ $') && heading.endsWith('->')) {
      variants = [];
      found.set(id, variants);
    } else if (heading) {
      found.set(id, [pattern(heading)]);
    } else if (variants && variant) {
      variants.push(pattern(variant));
    }
  }
  return found;
}

const HEADINGS = { en: headings('en'), ja: headings('ja') };

/** What the page calls a reason, as a pattern. */
export function heading(reason, language) {
  const found = HEADINGS[language].get(`reason-${reason.replace(/[._]/g, '-')}`);
  if (!found?.length) throw new Error(`no heading of ${reason} in ${language}`);
  return new RegExp(found.join('|'));
}

/** Who may be told a reason. */
export function tier(reason) {
  const row = read('docs/reasons.md').split('\n').find((line) => line.startsWith(`| \`${reason}\` |`));
  if (!row) throw new Error(`there is no reason ${reason}`);
  return row.split('|').at(3).trim();
}
