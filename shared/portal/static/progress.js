// Watches an import and shows its page anew when it is over; without this script the page refreshes itself.
"use strict";

const watched = document.querySelector("[data-watch]");

async function look() {
  const answer = await fetch(watched.dataset.watch, { redirect: "error" }).catch(() => null);
  if (answer && answer.ok) {
    const state = await answer.json();
    if (state.is_over) return window.location.reload();
    const bar = document.querySelector("progress");
    if (bar && state.rows_total) {
      bar.max = state.rows_total;
      bar.value = state.rows_read;
    }
    document.querySelectorAll("[data-count]").forEach((cell) => {
      cell.textContent = state.counts[cell.dataset.count].toLocaleString("en-GB");
    });
  }
  window.setTimeout(look, 1000);
}

if (watched) window.setTimeout(look, 600);
