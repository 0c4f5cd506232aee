// Search suggestions as an ARIA combobox; without this script the field is a plain search.
"use strict";

const field = document.querySelector("#search-text");
const list = document.querySelector("#search-suggestions");

if (field && list) {
  const PAUSE_MS = 120;
  let timer = 0;
  let latest = 0;
  let active = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    active = index;
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    if (index < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", options()[index].id);
  }

  function open(item) {
    window.location.assign(list.dataset.product.replace("SKU", item.sku.split("/").map(encodeURIComponent).join("/")));
  }

  function show(items) {
    list.replaceChildren(
      ...items.map((item, place) => {
        const option = document.createElement("li");
        option.id = `suggestion-${place}`;
        option.setAttribute("role", "option");
        const name = document.createElement("span");
        name.textContent = item.name;
        const sku = document.createElement("span");
        sku.className = "mono small";
        sku.textContent = item.sku;
        const note = document.createElement("span");
        note.className = "note-of";
        note.textContent = item.note || "";
        option.append(name, note, sku);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          open(item);
        });
        option.item = item;
        return option;
      }),
    );
    if (items.length === 0) return close();
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(-1);
  }

  async function ask() {
    const text = field.value.trim();
    const mine = ++latest;
    if (text.length < 2) return close();
    const answer = await fetch(`${list.dataset.source}?q=${encodeURIComponent(text)}`, { redirect: "error" }).catch(() => null);
    if (mine !== latest || !answer || !answer.ok) return;
    show((await answer.json()).items);
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active + step + count + 1 + 1) % (count + 1) - 1);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      open(options()[active].item);
    }
  });
}
