"use strict";
(() => {
  const UNKNOWN = "unknown";
  const PAUSE_MS = 60;
  const UNITS = ["kB", "MB", "GB", "TB", "PB"];

  const counted = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

  const sized = (bytes) => {
    if (Math.abs(bytes) < 1000) return `${bytes} B`;
    let value = bytes / 1000;
    let unit = 0;
    while (Math.abs(value) >= 999.95 && unit < UNITS.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return `${value.toFixed(1)} ${UNITS[unit]}`;
  };

  const dated = (minutes) => {
    const [date, time] = new Date(minutes * 60000).toISOString().split("T");
    return [date, `${date} ${time.slice(0, 5)} UTC`];
  };

  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  // A table over columns of numbers; only the rows of the page that is shown become elements.
  class DataTable {
    constructor(root) {
      const data = JSON.parse(document.getElementById(`${root.id}-data`).textContent);
      this.root = root;
      this.rows = data.rows;
      this.columns = data.columns.filter((column) => !column.part);
      this.parts = data.columns.filter((column) => column.part);
      this.all = data.columns;
      this.noun = root.dataset.noun;
      this.size = Number(root.dataset.page);
      this.page = 0;
      this.sorted = { column: null, down: false };
      this.chosen = new Map();
      this.words = [];
      this.order = Uint32Array.from({ length: this.rows }, (_, row) => row);
      this.found = this.order;
      this.build();
      this.show();
    }

    build() {
      const id = this.root.id;
      this.search = make("input", { type: "search", id: `${id}-search`, autocomplete: "off", spellcheck: "false" });
      this.search.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.runSearch(), PAUSE_MS);
      });
      this.status = make("p", { role: "status", class: "status" });
      const tools = make("div", { class: "tools" });
      tools.append(this.field(this.root.dataset.search, this.search, "grow"));
      for (const column of this.columns) {
        if (column.filter && column.words.length > 1) tools.append(this.filter(column));
      }
      tools.append(this.sorter());
      this.body = make("tbody");
      this.head = make("tr");
      for (const column of this.columns) this.head.append(this.heading(column));
      const caption = make("caption", { class: "unseen" }, this.root.dataset.caption);
      const table = make("table", { class: "listing stack" }, caption, make("thead", {}, this.head), this.body);
      const region = make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": this.root.dataset.caption });
      region.append(table);
      this.root.append(tools, this.status, region, this.pager());
    }

    field(label, control, kind = "") {
      return make("div", { class: `field ${kind}` }, make("label", { for: control.id }, label), control);
    }

    filter(column) {
      const select = make("select", { id: `${this.root.id}-${column.key}` }, new Option("all", ""));
      column.words.forEach((word, rank) => select.add(new Option(word || "not given", String(rank))));
      select.addEventListener("change", () => {
        if (select.value === "") this.chosen.delete(column);
        else this.chosen.set(column, Number(select.value));
        this.runSearch();
      });
      return this.field(column.label, select);
    }

    // Sorts on a narrow screen, where there are no column heads to click.
    sorter() {
      const select = make("select", { id: `${this.root.id}-order` }, new Option("default order", ""));
      this.columns.forEach((column, at) => {
        const [first, second] = column.kind === "word" ? ["A to Z", "Z to A"] : ["lowest first", "highest first"];
        select.add(new Option(`${column.label}, ${first}`, `${at}+`));
        select.add(new Option(`${column.label}, ${second}`, `${at}-`));
      });
      select.addEventListener("change", () => {
        const column = this.columns[Number.parseInt(select.value, 10)] ?? null;
        this.sort(column, select.value.endsWith("-"));
      });
      this.select = select;
      return this.field("Sort by", select, "narrow");
    }

    heading(column) {
      const button = make("button", { type: "button" }, column.label, make("span", { class: "arrow", "aria-hidden": "true" }));
      button.addEventListener("click", () => {
        const again = this.sorted.column === column;
        this.sort(column, again ? !this.sorted.down : column.descending);
      });
      column.head = make("th", { scope: "col", "aria-sort": "none", class: column.kind }, button);
      return column.head;
    }

    pager() {
      const turn = (label, to) => {
        const button = make("button", { type: "button" }, label);
        button.addEventListener("click", () => {
          this.page = to();
          this.show();
        });
        return button;
      };
      const last = () => Math.max(0, Math.ceil(this.found.length / this.size) - 1);
      this.first = turn("First", () => 0);
      this.back = turn("Previous", () => this.page - 1);
      this.next = turn("Next", () => this.page + 1);
      this.last = turn("Last", last);
      this.position = make("span", { class: "position" });
      this.pagerNav = make("nav", { class: "pager", "aria-label": `Pages of ${this.root.dataset.caption}` });
      this.pagerNav.append(this.first, this.back, this.position, this.next, this.last);
      return this.pagerNav;
    }

    sort(column, down) {
      this.sorted = { column, down };
      for (const other of this.columns) other.head.setAttribute("aria-sort", "none");
      if (column) column.head.setAttribute("aria-sort", down ? "descending" : "ascending");
      this.select.value = column ? `${this.columns.indexOf(column)}${down ? "-" : "+"}` : "";
      this.arrange();
    }

    runSearch() {
      this.words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
      this.arrange();
    }

    arrange() {
      const texts = this.words.length ? this.texts() : null;
      const chosen = [...this.chosen];
      const found = this.order.filter(
        (row) =>
          chosen.every(([column, rank]) => column.values[row] === rank) &&
          (!texts || this.words.every((word) => texts[row].includes(word))),
      );
      const { column, down } = this.sorted;
      if (column) {
        const values = column.values;
        const sign = down ? -1 : 1;
        found.sort((a, b) => {
          const left = values[a];
          const right = values[b];
          if (left === right) return a - b;
          if (left === null) return 1; // unknown values come last in both directions
          if (right === null) return -1;
          return left < right ? -sign : sign;
        });
      }
      this.found = found;
      this.page = 0;
      this.show();
    }

    // All words of a row as one text in lower case; built at the first search.
    texts() {
      if (!this.haystacks) {
        const columns = this.all
          .filter((column) => column.kind === "word")
          .map((column) => ({ values: column.values, words: column.words.map((word) => word.toLowerCase()) }));
        this.haystacks = Array.from({ length: this.rows }, (_, row) =>
          columns.map(({ values, words }) => words[values[row]]).join("\n"),
        );
      }
      return this.haystacks;
    }

    show() {
      const pages = Math.max(1, Math.ceil(this.found.length / this.size));
      const start = this.page * this.size;
      const rows = this.found.subarray(start, start + this.size);
      this.body.replaceChildren(...Array.from(rows, (row) => this.line(row)));
      if (!rows.length) {
        const cell = make("td", { class: "none", colspan: String(this.columns.length) }, this.rows ? "Nothing matches." : "There are none.");
        this.body.append(make("tr", {}, cell));
      }
      const shown = rows.length ? `${counted(start + 1)}\u2013${counted(start + rows.length)} of ` : "";
      const all = this.found.length === this.rows ? "" : `, out of ${counted(this.rows)}`;
      this.status.textContent = `${shown}${counted(this.found.length)} ${this.noun}${all}`;
      this.position.textContent = `Page ${counted(this.page + 1)} of ${counted(pages)}`;
      this.pagerNav.hidden = pages === 1;
      for (const button of [this.first, this.back]) button.disabled = this.page === 0;
      for (const button of [this.next, this.last]) button.disabled = this.page === pages - 1;
    }

    line(row) {
      return make("tr", {}, ...this.columns.map((column, at) => this.cell(column, row, at)));
    }

    cell(column, row, at) {
      const value = column.values[row];
      const cell = make(at ? "td" : "th", { "data-label": column.label, class: `${column.kind} ${column.key}` });
      if (!at) cell.setAttribute("scope", "row");
      if (value === null) cell.append(make("span", { class: "unknown" }, UNKNOWN));
      else if (column.kind === "word") cell.append(make("bdi", {}, column.words[value] || "\u2013"));
      else if (column.kind === "bytes") cell.append(make("span", { title: `${counted(value)} bytes` }, sized(value)));
      else if (column.kind === "time") {
        const [date, moment] = dated(value);
        cell.append(make("time", { datetime: date, title: moment }, date));
      } else cell.append(counted(value));
      if (!at) {
        for (const part of this.parts) {
          const text = part.words[part.values[row]];
          if (text) cell.append(make("bdi", { class: "more" }, text));
        }
      }
      return cell;
    }
  }

  for (const root of document.querySelectorAll("[data-table]")) root.table = new DataTable(root);

  const theme = document.querySelector("[data-themes]");
  const show = document.documentElement.dataset;
  for (const input of theme.querySelectorAll("input")) {
    input.checked = input.value === (show.theme ?? "system");
    input.addEventListener("change", () => {
      if (input.value === "system") delete show.theme;
      else show.theme = input.value;
      try {
        localStorage.setItem("swr-crawler-theme", input.value);
      } catch {
        // Not stored: the theme applies until the page is closed.
      }
    });
  }
  theme.hidden = false;
})();
