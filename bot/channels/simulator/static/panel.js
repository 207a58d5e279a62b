// The panel beside the phone: whose phone to open, and those that were opened before.

import { findPosts, listPhones, openPhone } from "./api.js";
import { glance } from "./bubbles.js";
import { byId, el } from "./dom.js";
import { explain, initials, KINDS, placeOf, shortly, titleOf } from "./labels.js";

const PAUSE_MILLISECONDS = 150;

export class Panel {
  /** `onOpen` is given the phone that was chosen. */
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.phones = new Map();
    this.unread = new Map();
    this.current = "";
    this.words = byId("words");
    this.found = byId("found");
    byId("kinds").append(...KINDS.map(([kind, label, ask]) => this.drawKind(kind, label, ask)));
    this.words.addEventListener("input", () => this.searchSoon());
    this.words.addEventListener("keydown", (event) => this.press(event));
  }

  async load() {
    const { phones } = await listPhones();
    this.phones = new Map(phones.map((phone) => [phone.id, phone]));
    this.draw();
  }

  /** Take note of what has happened on a phone. */
  note(summary) {
    const isNew = !summary.is_here && summary.is_from_bot;
    if (isNew) this.unread.set(summary.id, (this.unread.get(summary.id) ?? 0) + 1);
    this.phones.set(summary.id, summary);
    this.draw();
  }

  forget(id) {
    this.phones.delete(id);
    this.draw();
  }

  mark(id) {
    this.current = id;
    this.unread.delete(id);
    this.draw();
  }

  drawKind(kind, label, ask) {
    const choose = () => (kind === "stranger" ? this.open(kind, "") : this.choose(kind, label, ask));
    return el("button", { type: "button", "data-kind": kind, "aria-pressed": "false", onclick: choose }, label);
  }

  choose(kind, label, ask) {
    this.kind = kind;
    this.pressOnly(kind);
    byId("finder").hidden = false;
    byId("words-label").textContent = ask;
    this.words.placeholder = kind === "village_head" || kind === "operator" ? "mis. sungai rebo" : "ketik nama";
    this.words.value = "";
    this.words.focus();
    this.search();
  }

  pressOnly(kind) {
    for (const button of byId("kinds").children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), PAUSE_MILLISECONDS);
  }

  async search() {
    const asked = (this.asked = Symbol("search"));
    try {
      const { posts, count } = await findPosts(this.kind, this.words.value);
      if (asked === this.asked) this.drawFound(posts, count);
    } catch (error) {
      byId("count").textContent = explain(error.code);
    }
  }

  drawFound(posts, count) {
    const more = count > posts.length ? `, ${posts.length} yang pertama` : "";
    const none = this.words.value.trim() ? "Tidak ada yang cocok." : "Belum ada kabupaten di sini. Tambahkan dahulu dengan perintah jemputbola district add.";
    byId("count").textContent = count ? `${count.toLocaleString("id-ID")} ditemukan${more}` : none;
    this.found.replaceChildren(...posts.map((post, place) => this.drawPost(post, place)));
    this.select(posts.length && this.words.value.trim() ? 0 : -1);
  }

  drawPost(post, place) {
    return el(
      "li",
      { role: "option", id: `found-${place}`, "aria-selected": "false", onclick: () => this.open(this.kind, post.key) },
      el("strong", {}, titleOf(this.kind, post)),
      el("span", {}, placeOf(post)),
    );
  }

  press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.select(Math.min(Math.max(this.selected + step, 0), this.found.children.length - 1));
    else if (event.key === "Enter") this.found.children[Math.max(this.selected, 0)]?.click();
    else if (event.key === "Escape") this.closeFinder();
    else return;
    event.preventDefault();
  }

  select(place) {
    this.selected = place;
    [...this.found.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const option = this.found.children[place];
    if (option) this.words.setAttribute("aria-activedescendant", option.id);
    else this.words.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  closeFinder() {
    byId("finder").hidden = true;
    this.pressOnly("");
  }

  async open(kind, key) {
    try {
      const phone = await openPhone(kind, key);
      this.phones.set(phone.id, phone);
      this.closeFinder();
      this.onOpen(phone);
    } catch (error) {
      byId("finder").hidden = false;
      byId("count").textContent = explain(error.code);
    }
  }

  draw() {
    const newest = (phone) => phone.last?.at ?? phone.opened_at;
    const sorted = [...this.phones.values()].sort((one, other) => newest(other).localeCompare(newest(one)));
    byId("no-phones").hidden = sorted.length > 0;
    byId("phones").replaceChildren(...sorted.map((phone) => el("li", {}, this.drawPhone(phone))));
  }

  drawPhone(phone) {
    const unread = this.unread.get(phone.id);
    return el(
      "button",
      { type: "button", "aria-current": phone.id === this.current ? "true" : null, onclick: () => this.onOpen(phone) },
      el("span", { class: "avatar", "data-kind": phone.kind, "aria-hidden": "true" }, initials(phone.kind, phone.post)),
      el("strong", {}, titleOf(phone.kind, phone.post)),
      el("time", {}, phone.last ? shortly(phone.last.at) : ""),
      el("span", { class: "last" }, phone.last ? glance(phone.last) : "belum ada pesan"),
      unread ? el("span", { class: "unread", "aria-label": `${unread} pesan baru` }, String(unread)) : null,
    );
  }
}
