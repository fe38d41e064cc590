// An authenticator app: oathtool. A step is spent once, so an app hands out each step only once.

import { run } from './process.mjs';

const STEP_SECONDS = 30;
/** The last step that each person's app gave out; a person belongs to one demo. */
const spent = new WeakMap();

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const now = () => Date.now() / 1000;

/** The code of `secret` (Base32) at a time in seconds since 1970. */
export function codeAt(secret, seconds) {
  const time = new Date(Math.floor(seconds) * 1000).toISOString();
  return run('oathtool', ['--totp', '--base32', `--now=${time}`, secret]).trim();
}

/** The present code; waits for the next one if it was given out before or is about to end. */
export async function freshCode(person) {
  for (;;) {
    const step = Math.floor(now() / STEP_SECONDS);
    const left = (step + 1) * STEP_SECONDS - now();
    if (spent.get(person) !== step && left > 2) {
      spent.set(person, step);
      return codeAt(person.totp_secret, now());
    }
    await sleep(left + 0.05);
  }
}

/** A code of six digits that fits no step near the present one. */
export function wrongCode(secret) {
  const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((n) => codeAt(secret, now() + n * STEP_SECONDS)));
  let code = 123456;
  while (near.has(String(code))) code += 1;
  return String(code);
}
