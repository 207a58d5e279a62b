// The sheet that a list of WhatsApp opens: its rows, one of which is chosen.

import { byId, el } from "./dom.js";

export class Sheet {
  constructor() {
    this.box = byId("sheet");
    byId("sheet-close").addEventListener("click", () => this.close());
    this.box.addEventListener("click", (event) => event.target === this.box && this.close());
    this.box.addEventListener("keydown", (event) => this.press(event));
  }

  /** Show rows; `choose` is told what the chosen one carries. The focus goes back to `opener`. */
  open(title, rows, opener, choose) {
    this.opener = opener;
    byId("sheet-title").textContent = title;
    byId("sheet-rows").replaceChildren(...rows.map((row) => el("li", {}, this.drawRow(row, choose))));
    this.box.hidden = false;
    byId("sheet-rows").querySelector("button").focus();
  }

  close() {
    if (this.box.hidden) return;
    this.box.hidden = true;
    this.opener?.focus();
  }

  drawRow({ title, description, data }, choose) {
    const take = () => {
      this.close();
      choose(data);
    };
    const words = el("span", {}, el("strong", {}, title), description ? el("small", {}, description) : null);
    return el("button", { type: "button", onclick: take }, words, el("i", { class: "dot", "aria-hidden": "true" }));
  }

  /** Escape closes; the focus stays inside. */
  press(event) {
    if (event.key === "Escape") return this.close();
    if (event.key !== "Tab") return undefined;
    const buttons = [...this.box.querySelectorAll("button")];
    const edge = event.shiftKey ? buttons[0] : buttons.at(-1);
    if (document.activeElement !== edge) return undefined;
    event.preventDefault();
    return (event.shiftKey ? buttons.at(-1) : buttons[0]).focus();
  }
}
