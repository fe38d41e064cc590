// A device with passkeys, as Chromium pretends to have one (CDP, WebAuthn domain).

/**
 * A device of the person in front of `page`. A finger on it answers whatever asks for it, so that only with `offers`
 * the browser lists passkeys in the user name field.
 */
export async function device(page, { transport = 'internal', offers = false } = {}) {
  if (!offers) {
    await page.context().addInitScript(() => {
      if (!window.PublicKeyCredential) return;
      PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
  }
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    },
  });
  return new Device(cdp, authenticatorId);
}

class Device {
  constructor(cdp, authenticatorId) {
    this.cdp = cdp;
    this.authenticatorId = authenticatorId;
  }

  send(method, more = {}) {
    return this.cdp.send(`WebAuthn.${method}`, { authenticatorId: this.authenticatorId, ...more });
  }

  /** Somebody touches it whenever it asks, or nobody does. */
  touched(enabled = true) {
    return this.send('setAutomaticPresenceSimulation', { enabled });
  }

  /** It recognises its holder, or not. */
  recognises(isUserVerified = true) {
    return this.send('setUserVerified', { isUserVerified });
  }

  /** Put a passkey of the demo's paper on it, whose counter only grows, whoever else holds it. */
  keep({ credential_id, private_key_pkcs8, user_handle, rp_id }) {
    return this.send('addCredential', {
      credential: {
        credentialId: credential_id,
        privateKey: private_key_pkcs8,
        userHandle: user_handle,
        rpId: rp_id,
        isResidentCredential: true,
        signCount: Math.floor(Date.now() / 1000),
      },
    });
  }

  /** The passkeys that it holds. */
  async passkeys() {
    return (await this.send('getCredentials')).credentials;
  }

  /** Put back what it held, with its counter so much further: before 0 it is a copy that was made earlier. */
  async wind(by) {
    for (const credential of await this.passkeys()) {
      const signCount = credential.signCount + by;
      await this.send('removeCredential', { credentialId: credential.credentialId });
      await this.send('addCredential', { credential: { ...credential, signCount } });
    }
  }
}

/** The page's button for a passkey, which a script shows. */
export const passkeyButton = (page) => page.locator('button[data-passkey]');

/** Press it with a finger on the device, and wait for the page that follows. */
export async function usePasskey(page, held) {
  await held.touched(true);
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), passkeyButton(page).click()]);
  await held.touched(false);
}

/** What the page says where a passkey was not used. */
export async function saidOfPasskey(page) {
  const said = page.locator('#passkey-said');
  await said.filter({ hasText: /./ }).waitFor();
  return said.innerText();
}
