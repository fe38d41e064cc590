// The connection check: what only the browser knows. Nothing is sent but a question for our time.
"use strict";

const place = (id) => document.getElementById(id);
const say = (id, text) => {
  if (place(id).textContent !== text) place(id).textContent = text;
};

say("script-said", place("script-said").dataset.said);

// Our time, as the answer to a question says it: how long that took is known as well.
const clock = async () => {
  const sent = Date.now();
  const answer = await fetch("/check", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const came = Date.now();
  const ours = Date.parse(answer?.headers.get("date") ?? "");
  if (Number.isNaN(ours)) return;
  // The header has whole seconds, cut off.
  const off = Math.round(((sent + came) / 2 - ours - 500) / 1000);
  const { right, fast, slow, far } = place("clock-said").dataset;
  const size = Math.abs(off);
  if (size <= 5) {
    say("clock-said", right);
    return;
  }
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, seconds] = units.find(([, least]) => size >= least);
  const words = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" });
  const said = (off > 0 ? fast : slow).replace("%", words.format(Math.round(size / seconds)));
  say("clock-said", size > 30 ? `${said} ${far}` : said);
};
clock();

const ability = async () => {
  const { here, elsewhere, none } = place("passkey-ability").dataset;
  if (!window.PublicKeyCredential) return none;
  const own = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
  return own ? here : elsewhere;
};
ability().then((text) => say("passkey-ability", text));

// What is typed stays in the page. Each finding is said as long as it holds.
const field = place("keyboard");
const letters = "qwertyuiopasdfghjklzxcvbnm";
let found = {};
const look = (event) => {
  const { capslock, numlock, digits, wide, spaces, layout } = place("keyboard-said").dataset;
  const state = (key) => event.getModifierState?.(key);
  const { code = "", key = "" } = event;
  if (event.type === "keydown") {
    found = { capslock: state("CapsLock") };
    if (/^Numpad\d$/.test(code) && !/^\d$/.test(key)) found.numlock = true;
    const letter = code.startsWith("Key") ? code.slice(3).toLowerCase() : "";
    if (letter && /^\d$/.test(key)) found.digits = true;
    const typed = key.toLowerCase();
    if (letter && typed !== letter && letters.includes(typed)) found.layout = [letter, typed];
  }
  found.wide = event.isComposing || key === "Process" || /[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff9f]/.test(field.value);
  found.spaces = /^\s|\s$|[\u00a0\u00ad\u200b-\u200f\u2018-\u201f\ufeff]/.test(field.value);
  const said = [
    found.capslock && capslock,
    found.numlock && numlock,
    found.digits && digits,
    found.wide && wide,
    found.spaces && spaces,
    found.layout && layout.replace("%1", found.layout[0].toUpperCase()).replace("%2", found.layout[1].toUpperCase()),
  ];
  say("keyboard-said", said.filter(Boolean).join(" "));
};
for (const kind of ["keydown", "input", "compositionupdate", "compositionend"]) field.addEventListener(kind, look);
