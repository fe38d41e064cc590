// What the demo has mailed, as its page of outgoing mail shows it.

/** The page's text, newest mail first. */
async function mailPage(demo) {
  return (await fetch(demo.mail)).text();
}

/** All codes that were mailed, the newest first. */
export async function mailedCodes(demo) {
  const pieces = (await mailPage(demo)).split('<article').slice(1);
  // On a line of its own: telephone numbers are not.
  return pieces.flatMap((piece) => piece.match(/^ +(\d{4} \d{4})$/m)?.[1] ?? []);
}

/** The newest code, when `number` codes have been mailed. */
export async function mailedCode(demo, number = 1) {
  for (let tries = 0; tries < 100; tries += 1) {
    const codes = await mailedCodes(demo);
    if (codes.length >= number) return codes[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no code no. ${number} is on the page of outgoing mail`);
}

/** A code that is not `code`. */
export const otherThan = (code) => (code.startsWith('0') ? '1' : '0') + code.slice(1);
