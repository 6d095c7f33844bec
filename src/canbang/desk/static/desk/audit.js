// The card by keys and by thumb. Without this file the same form saves with its own button.
// What was judged is kept in this browser, under a key of its own, until the server has confirmed it.
// ES2019 at most, nothing else loaded: it has to run on an old phone.
(() => {
  "use strict";
  const root = document.getElementById("audit");
  if (!root || !window.fetch || !window.FormData || !window.DOMParser) return;
  const slot = document.getElementById("audit-slot");
  const said = document.getElementById("audit-said");
  const waits = document.getElementById("audit-waits");
  const keys = document.getElementById("audit-keys");
  const prefix = `canbang:${root.dataset.queue}:`;
  const SECOND = 1000;
  const PATIENCE = 20 * SECOND; // for one answer of the server
  const LONGEST = 60 * SECOND; // between two tries

  // ---- what is not confirmed yet: in memory, and in localStorage where the browser has one
  const unsent = new Map();

  function store(work) {
    try { return work(window.localStorage); } catch { return null; }
  }

  function keep(entry) {
    unsent.set(entry.key, entry);
    store((local) => local.setItem(prefix + entry.key, JSON.stringify(entry)));
  }

  function drop(entry) {
    unsent.delete(entry.key);
    store((local) => local.removeItem(prefix + entry.key));
  }

  function recall() {
    store((local) => {
      for (const name of Object.keys(local)) {
        if (name.startsWith(prefix)) {
          const entry = JSON.parse(local.getItem(name));
          unsent.set(entry.key, entry);
        }
      }
    });
  }

  // randomUUID is missing on plain-http addresses and in old browsers
  function uuid() {
    if (window.crypto.randomUUID) return window.crypto.randomUUID();
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // ---- saying things
  function say(text, bad) {
    said.textContent = "";
    said.classList.toggle("bad", Boolean(bad));
    window.setTimeout(() => { said.textContent = text; }, 30); // the same words again are read out again
  }

  function sayWaiting() {
    waits.hidden = !unsent.size || !tries;
    waits.firstElementChild.textContent = `Chưa gửi: ${unsent.size}, đang thử lại.`;
  }

  function show(card) {
    while (slot.firstChild) slot.removeChild(slot.firstChild);
    slot.appendChild(document.adoptNode(card));
    if (card.dataset.address) window.history.replaceState(null, "", card.dataset.address);
    const title = slot.querySelector("#audit-title");
    if (title) title.focus({ preventScroll: true });
    if (root.getBoundingClientRect().top < 0 || window.innerWidth < 960) root.scrollIntoView();
    say(card.dataset.said, "refused" in card.dataset);
  }

  // ---- talking to the server
  async function post(url, fields) {
    const stop = window.AbortController ? new AbortController() : null;
    const limit = window.setTimeout(() => { if (stop) stop.abort(); }, PATIENCE);
    try {
      const response = await window.fetch(url, {
        method: "POST", body: new URLSearchParams(fields), credentials: "same-origin", redirect: "manual",
        headers: { "X-Part": "card", "X-CSRFToken": root.dataset.token }, signal: stop ? stop.signal : undefined,
      });
      return { response, text: response.type === "opaqueredirect" ? "" : await response.text() };
    } finally {
      window.clearTimeout(limit);
    }
  }

  function cardIn(text) {
    return new DOMParser().parseFromString(text, "text/html").querySelector(".audit-card");
  }

  // The page's token is void after a new login in another tab: a fresh page has a fresh one. Never twice in a row.
  function freshPage() {
    const before = Number(store((local) => local.getItem("canbang:fresh")) || 0);
    if (Date.now() - before < LONGEST) return false;
    store((local) => local.setItem("canbang:fresh", String(Date.now())));
    window.location.reload();
    return true;
  }

  let busy = false;
  let tries = 0;
  let timer = 0;

  function later() {
    tries += 1;
    const pause = Math.min(LONGEST, SECOND * 2 ** (tries - 1));
    timer = window.setTimeout(send, pause * (0.75 + Math.random() / 2));
  }

  function mark() {
    slot.classList.toggle("waiting", busy || unsent.size > 0);
    sayWaiting();
  }

  async function send() {
    if (busy || !unsent.size) return;
    window.clearTimeout(timer);
    busy = true;
    mark();
    const entry = Array.from(unsent.values()).sort((one, other) => one.at - other.at)[0];
    let card = null;
    try {
      const { response, text } = await post(entry.url, entry.fields);
      if (response.type === "opaqueredirect") {
        window.location.assign(root.dataset.login);
        return;
      }
      card = cardIn(text);
      // only the server's own card confirms: a hotel's login page also answers 200
      if (card && (response.ok || response.status === 422)) {
        drop(entry);
        tries = 0;
      } else if (response.status === 403 && freshPage()) {
        return;
      } else if ([400, 404, 410].includes(response.status)) {
        drop(entry);
        say("Máy chủ không nhận tin vừa chấm: tin không còn trong mẫu. Tải lại trang.", true);
        card = null;
      } else {
        card = null;
        later();
      }
    } catch {
      later();
    } finally {
      busy = false;
      mark();
    }
    if (unsent.size && !tries) send();
    else if (card && !unsent.size) show(card);
  }

  async function undo(form) {
    if (!ready()) return;
    busy = true;
    mark();
    try {
      const { response, text } = await post(form.action, fieldsOf(form));
      if (response.type === "opaqueredirect") window.location.assign(root.dataset.login);
      const card = cardIn(text);
      if (card) show(card);
      else if (response.status !== 403 || !freshPage()) say("Chưa hoàn tác được. Thử lại.", true);
    } catch {
      say("Chưa hoàn tác được: mất mạng. Thử lại khi có mạng.", true);
    } finally {
      busy = false;
      mark();
    }
  }

  function ready() {
    if (unsent.size) say(`Chưa gửi: ${unsent.size}. Có mạng trở lại thì tự gửi rồi sang tin tiếp.`, true);
    return !busy && !unsent.size;
  }

  // ---- the card
  function cardForm() {
    return slot.querySelector("form[data-judge]");
  }

  function fieldsOf(form) {
    return Array.from(new FormData(form)).filter(([name]) => name !== "csrfmiddlewaretoken");
  }

  function answered(form) {
    return ["tone", "dark_side"].every((name) => form.querySelector(`[name=${name}]:checked`));
  }

  function judge(form, open) {
    if (!ready()) return;
    if (!open && !answered(form)) {
      say("Chọn sắc thái và mặt trái rồi mới lưu được.", true);
      return;
    }
    const key = uuid();
    const fields = fieldsOf(form).filter(([name]) => name !== "key" && name !== "open");
    fields.push(["key", key]);
    if (open) fields.push(["open", open]);
    keep({ key, fields, url: form.getAttribute("action"), at: Date.now() });
    send();
  }

  function choose(form, name, value) {
    if (!ready()) return;
    const input = form.querySelector(`[name=${name}][value=${value}]`);
    if (input.type === "checkbox") {
      input.checked = !input.checked;
      say(`${input.nextElementSibling.firstChild.textContent.trim()}: ${input.checked ? "có" : "không"}`);
      return;
    }
    input.checked = true;
    if (answered(form)) judge(form);
  }

  function openTheme(form) {
    const theme = form.querySelector(".audit-theme");
    theme.open = true;
    theme.querySelector("select").focus();
  }

  const ACTS = {
    1: (form) => choose(form, "tone", "positive"),
    2: (form) => choose(form, "tone", "neutral"),
    3: (form) => choose(form, "tone", "negative"),
    d: (form) => choose(form, "dark_side", "true"),
    k: (form) => choose(form, "dark_side", "false"),
    g: (form) => choose(form, "sensational", "true"),
    c: (form) => choose(form, "public_interest", "true"),
    0: (form) => judge(form, "unsure"),
    n: (form) => judge(form, "not_an_item"),
    t: openTheme,
  };

  // A Vietnamese keyboard types ă â ê ô for digits and đ for a second d: digits go by their place, đ is d.
  function pressed(event) {
    const digit = /^Digit(\d)$/.exec(event.code || "");
    if (digit) return digit[1];
    const typed = event.key.toLowerCase();
    if (typed === "đ") return "d";
    if (/^[a-z0-9]$/.test(typed)) return typed;
    const letter = /^Key([A-Z])$/.exec(event.code || "");
    return letter ? letter[1].toLowerCase() : typed;
  }

  let byKeyboard = false;
  document.addEventListener("pointerdown", () => { byKeyboard = false; }, true);
  document.addEventListener("keydown", (event) => {
    byKeyboard = true; // arrows walk through radio buttons: walking is no answer
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const form = cardForm();
    const key = pressed(event);
    if (event.target.id === "audit-theme") {
      if (key === "enter" || key === "escape") {
        event.preventDefault();
        slot.querySelector("#audit-title").focus({ preventScroll: true });
      }
      return;
    }
    if (!keys.checked || event.target.closest("select, textarea, input:not([type=radio]):not([type=checkbox])")) return;
    const back = slot.querySelector("form[data-undo]");
    if (key === "z" && back) {
      event.preventDefault();
      undo(back);
    } else if (form && Object.prototype.hasOwnProperty.call(ACTS, key)) {
      event.preventDefault();
      ACTS[key](form);
    }
  });

  slot.addEventListener("click", (event) => {
    const target = event.target;
    const form = cardForm();
    if (form && target.matches("input[type=radio]") && !byKeyboard && answered(form)) judge(form);
  });

  let pressedButton = null;
  slot.addEventListener("click", (event) => { pressedButton = event.target.closest("button"); }, true);
  slot.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-judge]")) {
      event.preventDefault();
      judge(form, pressedButton && pressedButton.form === form ? pressedButton.value : "");
    } else if (form.matches("[data-undo]")) {
      event.preventDefault();
      undo(form);
    }
    pressedButton = null;
  });

  // ---- beginning
  keys.closest("[hidden]").hidden = false;
  keys.checked = store((local) => local.getItem("canbang:keys")) !== "off";
  keys.addEventListener("change", () => {
    store((local) => local.setItem("canbang:keys", keys.checked ? "on" : "off"));
  });
  waits.querySelector("button").addEventListener("click", send);
  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  recall();
  send();
})();
