// Passkeys: hands what the page asks for to the browser, and what the browser answers to the form. The pages work
// without this file, and passkeys do not.
"use strict";

(() => {
  const button = document.querySelector("button[data-passkey]");
  if (!button) return;
  const { form } = button;
  const said = document.getElementById("passkey-said");
  const say = (what) => {
    if (said) said.textContent = button.dataset[what] ?? "";
  };

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => {
    if (!buffer || !buffer.byteLength) return null;
    const binary = Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join("");
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  const makes = "makes" in button.dataset;
  const asked = () => JSON.parse(button.dataset.passkey);

  // A passkey that is not registered here any more: the browser may forget it.
  try {
    const last = sessionStorage.getItem("passkey");
    sessionStorage.removeItem("passkey");
    if (last && "unknown" in button.dataset && window.PublicKeyCredential?.signalUnknownCredential) {
      const forget = { rpId: asked().rpId, credentialId: last };
      PublicKeyCredential.signalUnknownCredential(forget).catch(() => {});
    }
  } catch {
    // Storage may be switched off; then the browser keeps offering it.
  }

  if (!window.PublicKeyCredential || !navigator.credentials) {
    say("unsupported");
    return;
  }
  button.hidden = false;

  // A challenge is good for five minutes: a page that stays open asks for another one in time.
  const FRESH = 120_000;
  let asked_at = Date.now();
  const renew = async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const other = page.querySelector("button[data-passkey]");
    if (!other) return;
    button.dataset.passkey = other.dataset.passkey;
    // The challenge belongs to the request that stands beside it.
    for (const field of other.form.querySelectorAll("input[type=hidden]")) {
      const own = form.elements[field.name];
      if (own) own.value = field.value;
    }
    asked_at = Date.now();
  };
  const fresh = async () => {
    if (Date.now() - asked_at > FRESH) await renew();
  };

  // One call at a time: what waits in the user name field gives way to the button.
  let pending = null;
  const stop = () => {
    pending?.abort();
    pending = null;
  };
  const call = () => {
    stop();
    pending = new AbortController();
    return pending.signal;
  };

  const get = (more) => {
    const options = asked();
    options.challenge = bytes(options.challenge);
    options.allowCredentials = named(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options, signal: call(), ...more });
  };
  const make = () => {
    const options = asked();
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options, signal: call() });
  };

  const send = (made) => {
    const { response } = made;
    const answer = { id: made.id, rawId: text(made.rawId), type: made.type };
    if (makes) {
      answer.response = {
        attestationObject: text(response.attestationObject),
        clientDataJSON: text(response.clientDataJSON),
      };
      answer.transports = response.getTransports?.() ?? [];
      answer.authenticatorData = text(response.getAuthenticatorData?.());
    } else {
      answer.response = {
        authenticatorData: text(response.authenticatorData),
        clientDataJSON: text(response.clientDataJSON),
        signature: text(response.signature),
        userHandle: text(response.userHandle),
      };
      try {
        sessionStorage.setItem("passkey", made.id);
      } catch {
        // Then it cannot be forgotten if it is unknown.
      }
    }
    form.elements.passkey.value = JSON.stringify(answer);
    // What was typed for another way is not needed, and does not go along.
    for (const field of form.querySelectorAll("input:not([type=hidden])")) field.disabled = true;
    HTMLFormElement.prototype.submit.call(form);
  };

  // Browsers tell little about what went wrong, on purpose; how long it took tells a little more.
  const why = (error, took) => {
    const waits = asked().timeout ?? 60_000;
    switch (error.name) {
      case "NotAllowedError":
        if (!makes && took < 1000) return "none";
        return took >= waits * 0.95 ? "timeout" : "cancelled";
      case "InvalidStateError":
        return "known";
      case "ConstraintError":
      case "NotSupportedError":
        return "unfit";
      case "SecurityError":
        return "address";
      default:
        return "unusable";
    }
  };

  // Offered in the list of the user name field, if the browser can. Nobody has asked, so nothing is said about it.
  const offer = async () => {
    if (!("offers" in button.dataset)) return;
    const can = await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false);
    if (!can || busy) return;
    const found = await get({ mediation: "conditional" }).catch(() => null);
    if (found) send(found);
  };

  let busy = false;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say("");
    stop();
    await fresh();
    const began = performance.now();
    try {
      send(await (makes ? make() : get({})));
    } catch (error) {
      busy = false;
      say(why(error, performance.now() - began));
      offer();
    }
  });

  const again = async () => {
    if (busy || document.visibilityState !== "visible" || Date.now() - asked_at <= FRESH) return;
    await renew();
    offer();
  };
  setInterval(again, 30_000);
  document.addEventListener("visibilitychange", again);
  // Back from the next page: the one that was kept in memory asks anew.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    busy = false;
    renew().then(offer);
  });
  offer();
})();
