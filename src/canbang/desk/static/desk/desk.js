// Small helps that nothing depends on: every page works without this file.
"use strict";

// On a narrow screen the menu starts closed.
const menu = document.querySelector(".menu details");
if (menu && window.matchMedia("(max-width: 60rem)").matches) menu.open = false;

// A form that sends itself when a choice changes; without script its button does the same.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form) form.requestSubmit();
});

// A question before something that cannot be taken back.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
