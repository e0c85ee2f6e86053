"use strict";
(() => {
  const root = document.documentElement;
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .ace_editor");

  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it lasts as long as the page */ }
    dispatchEvent(new Event("themechange"));
  });

  // Copying: a button beside each text that is to be pasted.
  const say = (button, text) => { button.textContent = text; setTimeout(() => { button.textContent = "copy"; }, 1500); };
  document.querySelectorAll(".how pre").forEach((pre) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "copy" });
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(pre.textContent); say(button, "copied"); }
      catch { getSelection().selectAllChildren(pre); say(button, "selected"); }
    });
    pre.before(button);
  });

  // Sorting: a click on a head, as numbers where all cells are.
  const value = (row, at) => row.cells[at]?.dataset.value ?? row.cells[at]?.textContent.trim() ?? "";
  const number = (text) => Number(text.replace(/[,%\s]/g, ""));
  document.querySelectorAll("main table").forEach((table) => {
    const rows = table.tBodies[0];
    if (!rows || rows.rows.length < 3) return;
    table.querySelectorAll("thead th").forEach((head, at) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      if (!button.textContent.trim()) button.setAttribute("aria-label", `sort by column ${at + 1}`);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const held = [...rows.rows];
        const filled = held.map((row) => value(row, at)).filter(Boolean);
        const numeric = filled.length > 0 && filled.every((text) => !Number.isNaN(number(text)));
        const empty = (row) => value(row, at) === "";
        held.sort((a, b) => {
          if (empty(a) !== empty(b)) return empty(a) ? 1 : -1;
          const order = numeric ? number(value(a, at)) - number(value(b, at)) : value(a, at).localeCompare(value(b, at));
          return down ? -order : order;
        });
        rows.append(...held);
      });
    });
  });

  // Hits: those of one pole, in another order.
  document.querySelectorAll("[data-shows]").forEach((tools) => {
    const list = document.getElementById(tools.dataset.shows);
    const found = [...list.querySelectorAll(":scope > li[data-neuron]")];
    if (found.length < 2) return;
    tools.hidden = false;
    const pole = tools.querySelector("[data-pole]");
    const by = tools.querySelector("[data-sort]");
    const order = {
      cosine: (a, b) => Number(b.dataset.cosine) - Number(a.dataset.cosine),
      neuron: (a, b) => a.dataset.neuron.localeCompare(b.dataset.neuron, undefined, { numeric: true }),
    };
    const show = () => {
      const sorted = order[by.value] ? [...found].sort(order[by.value]) : found;
      sorted.forEach((hit) => { hit.hidden = pole.value !== "" && !hit.dataset.poles.includes(pole.value); });
      list.append(...sorted);
      const left = found.filter((hit) => !hit.hidden).length;
      tools.querySelector("[role=status]").textContent = left < found.length ? `${left} of ${found.length}` : "";
    };
    [pole, by].forEach((choice) => choice.addEventListener("change", show));
  });

  // Keys: / to search, j and k through the hits, [ and ] to the neighbours of a neuron, r to one at random.
  const hits = () => [...document.querySelectorAll("main td a, main .hit a")];
  const move = (step) => {
    const all = hits();
    const at = all.indexOf(document.activeElement);
    all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const go = { "[": "prev", "]": "next", r: "random" }[event.key];
    if (event.key === "/") { document.getElementById("q")?.focus(); event.preventDefault(); }
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (go) document.querySelector(`a[data-go=${go}]`)?.click();
  });

  // Work that a form began: its state until it is done.
  document.querySelectorAll("form[data-work]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const state = form.querySelector("[role=status]");
      const given = {};
      new FormData(form).forEach((text, name) => {
        if (text === "") return;
        given[name] = name in given ? [].concat(given[name], text) : text;
      });
      form.querySelectorAll("[data-many]").forEach((field) => {
        if (field.value.trim()) given[field.name] = field.value.split(/\s+/).filter(Boolean);
      });
      const asked = await fetch(form.action, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given),
      });
      const begun = await asked.json();
      if (!begun.work) { state.textContent = begun.error; return; }
      for (;;) {
        const piece = await (await fetch(begun.work)).json();
        state.textContent = piece.error ?? (piece.of ? `${piece.step} ${piece.done} of ${piece.of}` : piece.state);
        if (piece.state === "done") { location.assign(form.dataset.work || location.href); return; }
        if (piece.state === "failed") return;
        await new Promise((later) => setTimeout(later, 500));
      }
    });
  });
})();
