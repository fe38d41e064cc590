// Apache with mod_auth_openidc as a service of Sekimori.

import { randomBytes } from 'node:crypto';
import { Httpd } from './httpd.mjs';

/** What the protected page shows: one line a fact, as Apache's environment has it. */
const FACTS = { user: 'REMOTE_USER', acr: 'OIDC_CLAIM_acr', amr: 'OIDC_CLAIM_amr', issuer: 'OIDC_CLAIM_iss' };

const page = () => {
  const lines = Object.entries(FACTS).map(
    ([name, variable]) => `<dt>${name}</dt><dd id="${name}"><!--#echo var="${variable}" --></dd>`,
  );
  return `<!doctype html><html lang="en"><title>Wiki</title><h1>Wiki</h1><dl>${lines.join('')}</dl></html>`;
};

/** An Apache that sends people to one issuer. */
export class Apache extends Httpd {
  static host = 'wiki.campus.test';

  /** What is registered at the issuer. */
  get redirectUri() {
    return `${this.url}/secure/redirect_uri`;
  }

  /** What only people who have signed in can see. */
  get protectedPage() {
    return `${this.url}/secure/`;
  }

  /**
   * Start it as the client `id` with `secret`. `userClaim` becomes REMOTE_USER; `trusted` is a file with the
   * certificate of the issuer's host, if no public authority vouches for it; `extra` are lines of
   * configuration, such as `OIDCAuthRequestParams acr_values=…`.
   */
  async start({ issuer, id, secret, userClaim = 'sub', trusted, extra = '' }) {
    this.write('html/index.html', '<!doctype html><h1>Outside</h1>');
    this.write('html/secure/index.html', page());
    return this.serve('service.conf', {
      ISSUER: issuer,
      CLIENT_ID: id,
      CLIENT_SECRET: secret,
      PASSPHRASE: randomBytes(24).toString('hex'),
      USER_CLAIM: userClaim,
      EXTRA: trusted ? `OIDCCABundlePath ${trusted}\n${extra}` : extra,
    });
  }

  /** The facts that the protected page shows. */
  async facts(browserPage) {
    const facts = {};
    for (const name of Object.keys(FACTS)) {
      facts[name] = (await browserPage.locator(`#${name}`).innerText()).trim();
    }
    return facts;
  }
}
