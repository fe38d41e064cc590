// Declares causes: what makes a sign-in fail, how it is staged, and what must be seen.
//
//   cause(30, 'The password is simply wrong', {
//     reason: 'cred.mismatch',                                    // what the page names and `explain` says
//     stage: async (visit) => { … the way into trouble … },
//     next: async (visit) => { … the step that the page names, to the letter … },
//   });
//   absorbed(24, 'Upper case in the name', { stage: … });         // nothing goes wrong: it leads in
//   notYet(12, 'The IPv6 path is broken', 'why it is not recognised');
//
// More of an entry: `says` (per language, what else stands on the page), `where` (sign-in when left out),
// `from` (network; outside when left out), `browser` (options of its context), `later` (minutes that pass
// between `stage` and `after`), `alone` (nothing else at the same time), `lands` (what it means to be in, where
// that is not the sample service), `here` (a script says it in the page, and nothing was sent: it is staged in a
// browser of each language), `before` (the reasons for which they were refused before they looked there), `unrecorded`
// (why it is neither counted nor kept: no code stands on the page, and the audit has no failure), `codeless` (why no
// code stands on a page that the audit has), `counts` (it is counted, and harms nobody).

/** All causes of the files loaded so far. */
export const causes = [];

/** Something that goes wrong and is named. */
export function cause(number, what, entry) {
  causes.push({ number, what, kind: 'named', where: 'sign-in', from: 'outside', reason: '', ...entry });
}

/** Something that would go wrong elsewhere and harms nobody here. */
export function absorbed(number, what, entry) {
  causes.push({
    number, what, kind: 'absorbed', where: 'sign-in', from: 'outside', reason: 'ok.admitted', ...entry,
  });
}

/** Something that is not recognised, and why. */
export function notYet(number, what, why) {
  causes.push({ number, what, kind: 'not yet', why });
}
