// The box to type in: text, attached files, and whether it replies to or changes a message.

import { freshId } from "./api.js";
import { glance } from "./bubbles.js";
import { byId, el, icon, menuOf } from "./dom.js";
import { explain } from "./labels.js";

const MOST_FILE_BYTES = 20 * 1024 * 1024;
const MOST_FILES = 10;
const MOST_CAPTION_CHARACTERS = 1024;

export class Composer {
  constructor(chat) {
    this.chat = chat;
    this.text = byId("text");
    this.reset();
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.grow());
    this.text.addEventListener("keydown", (event) => this.press(event));
    this.text.addEventListener("paste", (event) => this.paste(event));
    menuOf(byId("attach"), byId("attach-menu"));
    this.pickFiles("photo");
    this.pickFiles("document");
    this.pickPlace();
    this.takeDrops();
  }

  /** Begin anew, for another phone. */
  reset() {
    this.replyTo = this.editing = null;
    this.files = [];
    this.text.value = "";
    this.grow();
    this.showContext();
  }

  reply(bubble) {
    this.editing = null;
    this.replyTo = bubble;
    this.showContext();
    this.text.focus();
  }

  edit(bubble) {
    this.replyTo = null;
    this.files = [];
    this.editing = bubble;
    this.text.value = bubble.text;
    this.grow();
    this.showContext();
    this.text.focus();
  }

  async submit() {
    const text = this.text.value.trim();
    const { editing, files, replyTo } = this;
    if (!text && files.length === 0) return;
    if (files.length > 0 && text.length > MOST_CAPTION_CHARACTERS) {
      this.chat.say(`Keterangan foto paling panjang ${MOST_CAPTION_CHARACTERS} huruf.`);
      return;
    }
    this.reset();
    if (editing) {
      if (text !== editing.text && !(await this.chat.edit(editing, text))) this.edit({ ...editing, text });
    } else if (files.length > 0) await this.sendFiles(files, text, replyTo?.id ?? "");
    else await this.chat.sendText(text, replyTo?.id ?? "");
  }

  async sendFiles(files, text, replyTo) {
    const album = files.length > 1 ? freshId() : "";
    for (const [place, { file, kind }] of files.entries()) {
      const caption = place === 0 ? text : "";
      await this.chat.sendFile({ file, kind, caption, album, replyTo });
    }
  }

  attach(files, kind) {
    this.editing = null;
    for (const file of files) {
      if (file.size > MOST_FILE_BYTES) this.chat.say(explain("too_large"));
      else if (file.size === 0) this.chat.say(explain("empty_file"));
      else if (this.files.length < MOST_FILES) this.files.push({ file, kind: kind ?? kindOf(file) });
      else this.chat.say(`Paling banyak ${MOST_FILES} berkas sekaligus.`);
    }
    this.showContext();
    this.text.focus();
  }

  showContext() {
    const box = byId("context");
    const [title, detail] = this.context();
    box.hidden = !title;
    const cancel = el("button", { class: "round", type: "button", "aria-label": "Batal", onclick: () => this.cancel() }, icon("close"));
    box.replaceChildren(el("div", {}, el("strong", {}, title), el("span", {}, detail)), cancel);
  }

  context() {
    if (this.editing) return ["Mengubah pesan", glance(this.editing)];
    const quote = this.replyTo ? glance(this.replyTo) : "";
    if (this.files.length === 1) return ["1 berkas", this.files[0].file.name];
    if (this.files.length > 1) return [`${this.files.length} berkas`, this.files.map(({ file }) => file.name).join(", ")];
    return this.replyTo ? ["Membalas", quote] : ["", ""];
  }

  cancel() {
    if (this.editing) this.text.value = "";
    this.replyTo = this.editing = null;
    this.files = [];
    this.grow();
    this.showContext();
    this.text.focus();
  }

  press(event) {
    if (event.key === "Escape" && (this.editing || this.replyTo || this.files.length)) this.cancel();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(hover: none)").matches) return;
    event.preventDefault();
    this.submit();
  }

  paste(event) {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    this.attach(event.clipboardData.files);
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  pickFiles(kind) {
    const input = byId(`${kind}-input`);
    byId(`pick-${kind}`).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.attach([...input.files], kind);
      input.value = "";
    });
  }

  pickPlace() {
    const dialog = byId("place-dialog");
    byId("pick-place").addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "send") this.chat.sendPlace(byId("latitude").valueAsNumber, byId("longitude").valueAsNumber);
      dialog.returnValue = "";
    });
  }

  takeDrops() {
    const phone = document.querySelector(".phone");
    phone.addEventListener("dragover", (event) => {
      event.preventDefault();
      phone.classList.add("is-target");
    });
    for (const name of ["dragleave", "drop"]) phone.addEventListener(name, () => phone.classList.remove("is-target"));
    phone.addEventListener("drop", (event) => {
      event.preventDefault();
      this.attach(event.dataTransfer.files);
    });
  }
}

const kindOf = (file) => (/^image\/(jpeg|png|webp)$/.test(file.type) ? "photo" : "document");
