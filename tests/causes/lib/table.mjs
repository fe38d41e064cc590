// The table of docs/causes.md: what was seen of each cause, and why the others are not recognised.

const HEAD = `<!-- Written by \`./test causes\` from what it saw; put there what it leaves in target/causes.md. -->

# Why a sign-in fails: what is recognised

Each cause is staged for real by \`./test causes\`: against one server, in Chromium in one language and over HTTP in the
other ([0089](decisions/0089-the-cause-laboratory.md)). A cause counts two points if the page names it in both languages,
\`explain\` gives the same reason for its code, and the next step, followed to the letter, leads in; one if only the page
names it. What harms nobody, because it is put right silently, counts two.

`;

const points = (verdict) => {
  if (!verdict.recognised || verdict.tier.endsWith('not kept')) return 0;
  return verdict.explain_agrees && verdict.next_step_works && verdict.languages ? 2 : 1;
};

/** The whole document. */
export function table(entries, verdicts) {
  const all = entries.map((entry, index) => ({ entry, verdict: verdicts[index] }));
  const staged = all.filter(({ entry }) => entry.kind !== 'not yet');
  const rest = all.filter(({ entry }) => entry.kind === 'not yet');
  const recognised = staged.filter(({ verdict }) => verdict.recognised).length;
  const sum = all.reduce((total, { verdict }) => total + points(verdict), 0);
  const lines = [
    `${recognised} of ${all.length} are recognised; ${sum} of ${2 * all.length} points.`,
    '',
    '| no. | cause | what is said | to | where | points |',
    '|---|---|---|---|---|---|',
    ...staged.map(({ entry, verdict }) => {
      const named = verdict.reason ? `\`${verdict.reason}\`` : 'a hint in the page';
      const said = entry.kind === 'absorbed' ? 'nothing: it leads in' : named;
      return `| ${entry.number} | ${entry.what} | ${said} | ${verdict.tier} | ${verdict.where} | ${points(verdict)} |`;
    }),
    '',
    '## Not recognised',
    '',
    '| no. | cause | why |',
    '|---|---|---|',
    ...rest.map(({ entry }) => `| ${entry.number} | ${entry.what} | ${entry.why} |`),
  ];
  return `${HEAD}${lines.join('\n')}\n`;
}
