// Small comforts; every page works without them.
"use strict";

// A form is sent once: a second click on its button does nothing until the page is back.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Where a form has faults, their summary is read first; most browsers know `autofocus` on every element.
if (!("autofocus" in HTMLElement.prototype)) document.querySelector("#error-summary")?.focus();

// Filters apply as soon as one is chosen.
document.querySelectorAll("select[data-submit]").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

// On a phone the pages stand in one row that scrolls: show where we are.
document.querySelector("nav ul [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
