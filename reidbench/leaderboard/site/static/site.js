"use strict";
/* Sorting, filters, all columns, theme and tooltips. Without it every row and link is still there. */
(() => {
  const root = document.documentElement;
  const find = (selector, where = document) => where.querySelector(selector);
  const all = (selector, where = document) => [...where.querySelectorAll(selector)];

  // Some browsers refuse storage to files: the choice then lasts for the page.
  const kept = { get: () => { try { return localStorage.theme; } catch { return null; } },
    set: (theme) => { try { localStorage.theme = theme; } catch { /* nothing is kept */ } } };
  const button = find("#theme");
  const wear = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light theme" : "Dark theme";
  };
  wear(kept.get() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  button.hidden = false;
  button.onclick = () => { wear(root.dataset.theme === "dark" ? "light" : "dark"); kept.set(root.dataset.theme); };

  // What a mark of a figure says of itself, beside the pointer.
  const tip = document.body.appendChild(document.createElement("div"));
  tip.id = "tip"; tip.hidden = true; tip.setAttribute("aria-hidden", "true");
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest(".figure path[aria-label]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.getAttribute("aria-label");
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  });

  const table = find("table.board"), form = find("#filters");
  if (!table) return;
  const bodies = all("tbody", table);
  const rows = bodies.flatMap((body) => all("tr:not(.head)", body));
  const cellsOf = (row) => [...row.cells];

  // Sorted within a section, because ranks and scores compare nowhere else.
  const sortBy = (column, down) => {
    const value = (row) => {
      const cell = row.cells[column], number = cell.dataset.v;
      return number === undefined ? (cell.tagName === "TH" ? cell.textContent : null) : Number(number);
    };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "string" ? x.localeCompare(y) : x - y;
      return down ? -order : order;
    };
    for (const body of bodies) body.append(...all("tr:not(.head)", body).sort(compare));
  };
  const heads = () => all("thead th", table);
  const sortable = (head) => {
    const press = document.createElement("button");
    press.type = "button";
    press.textContent = head.textContent;
    head.replaceChildren(press);
    press.onclick = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads().forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sortBy(head.cellIndex, down);
    };
  };
  heads().forEach(sortable);

  // Filters live in the address, so that a view has a link of its own.
  const fields = form ? all("select, input[name]", form) : [];
  const show = () => {
    const chosen = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    let count = 0;
    for (const body of bodies) {
      const inside = ["data", "reduction"].every((name) => !chosen[name] || body.dataset[name] === chosen[name]);
      let any = false;
      for (const row of all("tr:not(.head)", body)) {
        const fits = inside && ["family", "strategy", "allocation"].every(
          (name) => !chosen[name] || row.dataset[name] === chosen[name])
          && row.cells[1].textContent.toLowerCase().includes(chosen.method.toLowerCase());
        row.hidden = !fits;
        if (fits) { any = true; count += 1; }
      }
      body.hidden = !any;
    }
    find("#count").textContent = `${count} of ${rows.length} rows`;
  };
  const remember = () => {
    const chosen = fields.filter((field) => field.value).map((field) => [field.name, field.value]);
    const text = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", text ? `#?${text}` : "#board");
    show();
  };
  const recall = () => {
    const chosen = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
    for (const field of fields) field.value = chosen.get(field.name) || "";
    const place = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const half = fields.find((field) => field.name === "reduction");
    const has = half && [...half.options].some((option) => option.value === "50");
    if (has && !location.hash.startsWith("#?") && !(place && place.tagName === "TBODY")) half.value = "50";
    show();
    if (place) place.scrollIntoView();
  };

  // Columns on demand: those that have an order can be sorted by.
  rows.forEach((row, place) => { row.dataset.place = place; });
  const boxes = all("input.wider", form || document);
  const widen = () => {
    all(".rest", table).forEach((cell) => cell.remove());
    const add = (row, tag, text) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.className = "rest"; cell.textContent = text;
      if (tag === "th") cell.scope = "col";
      return cell;
    };
    for (const box of boxes.filter((it) => it.checked)) {
      const { headings, rows: cells, order } = JSON.parse(find(`#${box.value}`).textContent);
      headings.forEach((text) => {
        const head = add(find("thead tr", table), "th", text);
        if (order) sortable(head);
      });
      rows.forEach((row) => cells[row.dataset.place].forEach((text, column) => {
        const cell = add(row, "td", text), value = order && order[row.dataset.place][column];
        if (order && value !== null) cell.dataset.v = value;
      }));
    }
    table.classList.toggle("timed", boxes.some((it) => it.checked && it.value === "latency"));
    all(".head th", table).forEach((cell) => { cell.colSpan = heads().length; });
  };
  const quoted = (text) => {
    // A spreadsheet would run a cell that begins like a formula; numbers are left alone.
    const safe = /^[=@\t]|^[+-](?![\d.])/.test(text) ? `'${text}` : text;
    return `"${safe.trim().replaceAll('"', '""')}"`;
  };
  const csv = () => {
    const line = (cells) => cells.map((cell) => quoted(cell)).join(",");
    const head = ["section", ...all("thead th", table).map((cell) => cell.textContent)];
    const body = all("tbody tr:not(.head):not([hidden])", table).map((row) => line(
      [find(".head", row.parentNode).textContent, ...cellsOf(row).map((cell) => cell.textContent)]));
    return [line(head), ...body].join("\n") + "\n";
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", remember);
    form.addEventListener("change", remember);
    boxes.forEach((box) => { box.checked = false; box.onchange = widen; });
    find("#save").onclick = (event) => {
      event.target.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    };
    addEventListener("hashchange", recall);
    recall();
  }
})();
