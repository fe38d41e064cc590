// Adds comfort, carries nothing: every page works without this file.
"use strict";

const all = (selector, act) => document.querySelectorAll(selector).forEach(act);

const button = (name, text) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = text;
  return made;
};

// What failed is read first.
const first = document.querySelector("[data-focus]");
if (first) first.focus();

// A POST answer goes on by itself; the visible button stays for everybody else.
all("form[data-submit-at-once]", (form) => HTMLFormElement.prototype.submit.call(form));

// Copying. What is copied is the value, not the groups that it is shown in.
all("[data-copy]", (source) => {
  if (!navigator.clipboard) return;
  const { copy, copied, value } = source.dataset;
  const made = button("copy", copy);
  const said = document.createElement("span");
  said.className = "hidden";
  said.setAttribute("role", "status");
  made.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value ?? source.textContent.trim());
    made.textContent = copied;
    said.textContent = copied;
    setTimeout(() => {
      made.textContent = copy;
      said.textContent = "";
    }, 3000);
  });
  source.after(made, said);
});

// Show and hide a password; hidden again before it leaves.
all("input[data-show]", (input) => {
  const { show, hide } = input.dataset;
  const made = button("reveal", show);
  made.setAttribute("aria-controls", input.id);
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    made.textContent = shown ? hide : show;
  };
  made.addEventListener("click", () => set(input.type === "password"));
  input.form.addEventListener("submit", () => set(false));
  // Behind the main button: a form's first button is always the one that goes on.
  (input.form.querySelector("button[type=submit]") ?? input).after(made);

  // Caps Lock and the input method: said once each time the state changes.
  const live = document.getElementById(`${input.id}-live`) ?? document.getElementById("password-live");
  const say = (text) => {
    if (live && live.textContent !== text) live.textContent = text;
  };
  let capsLock = false;
  const look = (event) => {
    if (event.getModifierState) capsLock = event.getModifierState("CapsLock");
    const wide = event.key === "Process" || event.key === "KanaMode" || /[\u3000-\u30ff\uff01-\uff9f]/.test(input.value);
    say(capsLock ? live.dataset.capslock : wide ? live.dataset.wide : "");
  };
  input.addEventListener("keydown", look);
  input.addEventListener("keyup", look);
  // It stays when the field is left: a line that vanished would move the button away from under the pointer.
  input.form.addEventListener("submit", () => {
    if (!capsLock) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "caps_lock";
    field.value = "on";
    input.form.append(field);
  });
});

// Enter while an input method is composing chooses a word and sends nothing.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229) && event.target.form) {
    event.preventDefault();
  }
});

// A wait counts down; nothing is locked, the server decides.
all("[data-countdown]", (line) => {
  const end = performance.now() + Number(line.dataset.countdown) * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    line.textContent = left ? line.dataset.text.replace("%", clock) : line.dataset.done;
    if (left) setTimeout(show, 250);
    else line.setAttribute("role", "status");
  };
  show();
});

// A file is read into the field; its text can be pasted as well. What is no text is written as one (RFC 7468).
all("[data-file]", (field) => {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "file";
  input.id = `${field.id}-file`;
  label.htmlFor = input.id;
  label.textContent = field.dataset.file;
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file || file.size > 65536) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const coded = () => btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, "$&\n");
    field.value =
      bytes[0] === 0x30
        ? `-----BEGIN CERTIFICATE REQUEST-----\n${coded()}\n-----END CERTIFICATE REQUEST-----\n`
        : new TextDecoder().decode(bytes);
  });
  field.after(label, input);
});

// Printing.
all("[data-print]", (line) => {
  const made = button("copy", line.dataset.print);
  made.addEventListener("click", () => print());
  line.after(made);
  line.hidden = true;
});

// The name typed so far survives a change of the language.
const name = document.querySelector("form#step input#username:not([readonly])");
if (name) {
  try {
    const kept = sessionStorage.getItem("username");
    if (kept && !name.value) name.value = kept;
    sessionStorage.removeItem("username");
    all(".languages a", (link) =>
      link.addEventListener("click", () => sessionStorage.setItem("username", name.value)),
    );
  } catch {
    // Storage may be switched off; then the name is typed again.
  }
}

// The session is about to end: said three minutes before, with one click to stay, and nothing typed is lost. Without
// this file the page after the end explains.
all("[data-ends]", (place) => {
  const { extend, adds, soon, over, stay, stayed } = place.dataset;
  const NOTICE = 180_000;
  let end = Date.now() + Number(place.dataset.ends) * 1000;
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  const made = button("stay", stay);
  let said = "";
  const say = (text, offer) => {
    if (said === text) return;
    said = text;
    line.textContent = text;
    made.hidden = !offer;
    place.classList.toggle("shown", text !== "");
  };
  place.append(line, made);
  say("", false);
  made.hidden = true;
  made.addEventListener("click", async () => {
    made.disabled = true;
    const answer = await fetch(extend, { redirect: "manual" }).catch(() => null);
    made.disabled = false;
    if (!answer || !answer.ok) return;
    end = Date.now() + Number(adds) * 1000;
    say(stayed, false);
    setTimeout(() => say("", false), 5000);
  });
  // By the clock, not by a timer of an hour: a machine that slept is told at once.
  setInterval(() => {
    const left = end - Date.now();
    if (left <= 0) say(over, false);
    else if (left <= NOTICE) say(soon, Boolean(adds));
  }, 1000);
});

// Passkeys in the account page: which ones there are. A browser need not offer the others any more.
(() => {
  const accepted = document.querySelector("[data-passkeys]")?.dataset.passkeys;
  if (accepted && window.PublicKeyCredential?.signalAllAcceptedCredentials) {
    PublicKeyCredential.signalAllAcceptedCredentials(JSON.parse(accepted)).catch(() => {});
  }
})();
