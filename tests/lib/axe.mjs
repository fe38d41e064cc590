// axe-core: what a machine can find of WCAG 2.2 A and AA.

import fs from 'node:fs';
import { createRequire } from 'node:module';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The levels that pages must meet. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** Violations of a page, as lines: rule, what it means, where. */
export async function violations(page) {
  // Runs beside the page, not in it: the content security policy does not matter.
  await page.evaluate(source);
  const result = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    TAGS,
  );
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      const where = target.join(' ');
      return `${id}: ${help}\n  at ${where}\n  ${failureSummary.replaceAll('\n', '\n  ')}`;
    }),
  );
}
