// Finds lines of a long order while typing, and sums the units that are typed; without it a form finds them.
"use strict";

const finder = document.querySelector("[data-find-lines]");
const rows = [...document.querySelectorAll("[data-line]")];
const plural = (count, word) => `${count.toLocaleString("en-GB")} ${word}${count === 1 ? "" : "s"}`;

if (finder && !finder.elements.find.value) {
  const found = finder.querySelector("[data-found]");
  const find = () => {
    const words = finder.elements.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      row.hidden = !words.every((word) => row.dataset.line.includes(word));
    });
    const shown = rows.filter((row) => !row.hidden).length;
    found.textContent = words.length ? `${shown.toLocaleString("en-GB")} of ${plural(rows.length, "line")}` : "";
  };
  finder.addEventListener("input", find);
  finder.addEventListener("submit", (event) => event.preventDefault());
  find();
}

const sum = document.querySelector("[data-sum]");
if (sum) {
  const add = () => {
    const units = rows.map((row) => Number(row.querySelector("input.quantity")?.value.replaceAll(",", "") || 0));
    const typed = units.filter((count) => count > 0);
    sum.textContent = typed.length ? `${plural(typed.length, "line")}, ${plural(typed.reduce((a, b) => a + b), "unit")}` : "";
  };
  document.addEventListener("input", add);
  add();
}
