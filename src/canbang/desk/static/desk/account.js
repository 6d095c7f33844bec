// Security keys and copying: both need script, so what they are for is shown only where it runs.
"use strict";

for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(() => (button.textContent = "Đã chép"));
});

// A key that does not answer, or was refused: say so beside its button.
document.addEventListener("allauth.error", (event) => {
  const place = document.getElementById("key_error");
  if (!place) return;
  event.preventDefault();
  place.textContent = place.dataset.text;
});
