// The chat of one phone: what is on it, what is being sent, and the stream that keeps it up to date.

import * as api from "./api.js";
import { drawMessage } from "./bubbles.js";
import { byId, el, icon } from "./dom.js";
import { dayOf, explain, titleOf } from "./labels.js";
import { Sheet } from "./sheet.js";

const NEAR_PIXELS = 120;
const TYPING_MILLISECONDS = 8000;
const HOLD_MILLISECONDS = 450;
const TOAST_MILLISECONDS = 5000;

export class Chat {
  /** `onElsewhere` is told about the other phones, `onReply` and `onEdit` about the tools of a message. */
  constructor({ onElsewhere, onReply, onEdit }) {
    this.box = byId("chat");
    this.sheet = new Sheet();
    const own = { tap: this.tap.bind(this), pick: this.pick.bind(this), retry: this.retry.bind(this), find: this.find.bind(this) };
    this.handlers = { ...own, reply: onReply, edit: onEdit };
    this.onElsewhere = onElsewhere;
    this.bubbles = new Map();
    this.again = new Map();
    this.follows = true;
    this.box.addEventListener("scroll", () => (byId("jump").hidden = this.follows = this.isNearEnd()));
    byId("jump").addEventListener("click", () => this.toEnd());
    this.box.addEventListener("load", () => this.keepUp(), { capture: true });
    new ResizeObserver(() => this.keepUp()).observe(this.box);
    this.holdTools();
  }

  /** Show a phone, from its first message on. */
  open(phone, look) {
    this.close();
    this.phone = phone;
    this.box.replaceChildren();
    this.watch(look);
  }

  /** Show the same phone in this look. */
  watch(look) {
    this.stream?.close();
    this.sheet.close();
    this.stream = api.streamOf(this.phone.id, look);
    const on = (name, take) => this.stream.addEventListener(name, (event) => take(JSON.parse(event.data)));
    on("chat", (bubbles) => this.showAll(bubbles));
    on("bubble", (bubble) => this.show(bubble));
    on("elsewhere", (summary) => this.onElsewhere(summary));
    this.stream.addEventListener("open", () => (byId("offline").hidden = true));
    this.stream.addEventListener("error", () => (byId("offline").hidden = false));
  }

  close() {
    this.stream?.close();
    this.sheet.close();
    this.stopTyping();
    this.phone = null;
    this.bubbles.clear();
    this.again.clear();
    byId("offline").hidden = byId("toast").hidden = true;
  }

  showAll(bubbles) {
    const unsent = [...this.bubbles.values()].filter((bubble) => this.again.has(bubble.id));
    this.bubbles = new Map(bubbles.map((bubble) => [bubble.id, bubble]));
    for (const bubble of unsent) if (!this.bubbles.has(bubble.id)) this.bubbles.set(bubble.id, bubble);
    this.box.replaceChildren();
    for (const bubble of this.bubbles.values()) this.place(bubble);
    this.showCard();
    this.toEnd();
  }

  /** Show a message, in the place where it was when it is not new. */
  show(bubble) {
    const known = this.bubbles.get(bubble.id);
    this.bubbles.set(bubble.id, known?.preview ? { ...bubble, preview: known.preview } : bubble);
    this.box.querySelector(".card")?.remove();
    if (bubble.side === "bot") this.stopTyping();
    this.place(this.bubbles.get(bubble.id));
    const isNewest = [...this.bubbles.keys()].at(-1) === bubble.id;
    if (isNewest && bubble.side !== "clock" && !bubble.tapped) this.onElsewhere({ ...this.phone, last: bubble, is_here: true });
    if (bubble.side === "person" && !known) this.toEnd();
    else this.keepUp();
  }

  place(bubble) {
    const drawn = drawMessage(this.phone.id, bubble, this.bubbles.get(bubble.reply_to), this.handlers);
    const known = this.element(bubble.id);
    if (known) return known.replaceWith(drawn);
    const day = dayOf(bubble.at);
    const days = this.box.querySelectorAll(".day");
    if (days.length === 0 || days[days.length - 1].textContent !== day) this.box.append(el("div", { class: "day" }, day));
    this.box.append(drawn);
    if (this.typing) this.box.append(this.typing);
  }

  /** On an empty phone: the invitation that its owner was given. */
  showCard() {
    if (this.bubbles.size > 0) return;
    const isStranger = !this.phone.post;
    const title = isStranger ? "Nomor baru" : `Undangan untuk ${titleOf(this.phone.kind, this.phone.post)}`;
    const text = isStranger
      ? "Nomor ini belum dikenal dan tidak punya undangan."
      : `Tautan sekali pakai untuk ${this.phone.owner}, seperti yang dibagikan koordinator.`;
    const button = el("button", { type: "button", id: "open-invitation", onclick: () => this.invite(button) }, isStranger ? "Mulai" : "Buka undangan");
    this.box.append(el("div", { class: "card" }, icon("letter"), el("h3", {}, title), el("p", {}, text), button));
  }

  async invite(button) {
    button?.setAttribute("aria-busy", "true");
    await this.attempt(() => api.send(this.phone.id, "invitation", { id: api.freshId() }));
    button?.removeAttribute("aria-busy");
  }

  sendText(text, replyTo) {
    const id = api.freshId();
    const content = { id, text, reply_to: replyTo };
    return this.deliver({ ...this.draft(id, text, replyTo) }, () => api.send(this.phone.id, "texts", content));
  }

  sendPlace(latitude, longitude) {
    const id = api.freshId();
    const bubble = { ...this.draft(id, "", ""), place: { latitude, longitude } };
    return this.deliver(bubble, () => api.send(this.phone.id, "places", { id, latitude, longitude }));
  }

  sendFile({ file, kind, caption, album, replyTo }) {
    const id = api.freshId();
    const attachment = { kind, name: file.name, size_bytes: file.size };
    const bubble = { ...this.draft(id, caption, replyTo), attachment, preview: URL.createObjectURL(file) };
    return this.deliver(bubble, () => api.sendFile(this.phone.id, file, { id, kind, caption, album, reply_to: replyTo }));
  }

  /** What is shown before the simulator has answered. */
  draft(id, text, replyTo) {
    const lines = text ? text.split("\n").map((line) => ({ is_item: false, runs: line ? [{ text: line, tags: [] }] : [] })) : [];
    return { id, side: "person", at: new Date().toISOString(), text, lines, reply_to: replyTo, sending: "sending" };
  }

  async deliver(bubble, sendIt) {
    const phone = this.phone;
    this.again.set(bubble.id, sendIt);
    this.show(bubble);
    this.startTyping();
    const isSent = await this.attempt(sendIt);
    if (this.phone !== phone) return;
    if (isSent) this.again.delete(bubble.id);
    else this.stopTyping();
    const known = this.bubbles.get(bubble.id);
    if (known) this.show({ ...known, sending: isSent ? "sent" : "failed" });
  }

  retry(bubble) {
    const again = this.again.get(bubble.id) ?? (() => api.send(this.phone.id, "retries", { message: bubble.id }));
    return this.deliver({ ...bubble, sending: "sending" }, again);
  }

  async tap(bubble, data, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    this.startTyping();
    const isTaken = await this.attempt(() => api.send(this.phone.id, "taps", { id: api.freshId(), message: bubble.id, data }));
    if (!isTaken) this.stopTyping();
    button.removeAttribute("aria-busy");
  }

  /** Open the list under a message. */
  pick(bubble, piece, button) {
    this.sheet.open(piece.opener, piece.rows, button, (data) => this.tap(bubble, data, button));
  }

  passDay() {
    return this.attempt(() => api.send(this.phone.id, "days", { id: api.freshId() }));
  }

  edit(bubble, text) {
    return this.attempt(() => api.send(this.phone.id, "edits", { id: api.freshId(), message: bubble.id, text }));
  }

  /** Do something that may fail; say so when it does. */
  async attempt(act) {
    try {
      await act();
      byId("toast").hidden = true;
      return true;
    } catch (error) {
      this.say(explain(error.code));
      return false;
    }
  }

  say(text) {
    const toast = byId("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (toast.hidden = true), TOAST_MILLISECONDS);
  }

  find(id) {
    const element = this.element(id);
    if (!element) return;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    element.classList.add("is-found");
    setTimeout(() => element.classList.remove("is-found"), 1300);
  }

  element(id) {
    return this.box.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  isNearEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_PIXELS;
  }

  toEnd() {
    this.follows = true;
    this.box.scrollTop = this.box.scrollHeight;
  }

  /** Stay at the end, unless somebody has scrolled away from it. */
  keepUp() {
    if (this.follows) this.toEnd();
  }

  startTyping() {
    this.stopTyping();
    this.typing = el("div", { class: "typing", "aria-label": "sedang mengetik" }, el("i"), el("i"), el("i"));
    this.box.append(this.typing);
    this.keepUp();
    byId("presence").textContent = "sedang mengetik…";
    this.typingTimer = setTimeout(() => this.stopTyping(), TYPING_MILLISECONDS);
  }

  stopTyping() {
    clearTimeout(this.typingTimer);
    this.typing?.remove();
    this.typing = null;
    byId("presence").textContent = "simulator";
  }

  /** A long press on a message shows its tools, as there is no pointer that could hover. */
  holdTools() {
    let timer;
    this.box.addEventListener("pointerdown", (event) => {
      for (const held of this.box.querySelectorAll(".is-held")) if (!held.contains(event.target)) held.classList.remove("is-held");
      const message = event.target.closest(".message");
      if (event.pointerType !== "mouse" && message) timer = setTimeout(() => message.classList.add("is-held"), HOLD_MILLISECONDS);
    });
    for (const name of ["pointerup", "pointercancel", "pointermove"]) this.box.addEventListener(name, () => clearTimeout(timer));
  }
}
