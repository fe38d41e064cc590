// Where journeys leave what somebody may want to look at: screenshots, pages, logs.
// `.work/` at the root of the repository, ignored by git.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

let base = path.join(root, '.work/journeys');

/** Start anew below `.work/PART`. */
export function emptyFolder(part) {
  base = path.join(root, '.work', part);
  fs.rmSync(base, { recursive: true, force: true });
  fs.mkdirSync(base, { recursive: true });
}

/** The folder of one journey, named by its sentence. */
export function workFolder(sentence) {
  const name = sentence.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 80);
  return path.join(base, name);
}

/** Write `content` as `name` into the journey's folder, and say where it is. */
export function keep(sentence, name, content) {
  const folder = workFolder(sentence);
  fs.mkdirSync(folder, { recursive: true });
  const place = path.join(folder, name);
  fs.writeFileSync(place, content);
  return place;
}
