// Puts the page together.

import * as api from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { byId, menuOf } from "./dom.js";
import { explain, placeOf, titleOf } from "./labels.js";
import { LookSwitch } from "./look.js";
import { Panel } from "./panel.js";

const panel = new Panel(open);
const chat = new Chat({
  onElsewhere: (summary) => panel.note(summary),
  onReply: (bubble) => composer.reply(bubble),
  onEdit: (bubble) => composer.edit(bubble),
});
const composer = new Composer(chat);
const look = new LookSwitch((chosen) => chat.watch(chosen));

function open(phone) {
  const around = [placeOf(phone.post), phone.owner && `${phone.owner} (nama contoh)`];
  byId("whose").textContent = titleOf(phone.kind, phone.post);
  byId("where").textContent = around.filter(Boolean).join(" · ") || "Nomor tanpa jabatan";
  byId("invite-again").textContent = phone.post ? "Buka undangan baru" : "Kirim /start";
  byId("welcome").hidden = true;
  byId("desk").hidden = false;
  document.body.classList.add("is-open");
  history.replaceState(null, "", `#${phone.id}`);
  composer.reset();
  chat.open(phone, look.show(phone));
  panel.mark(phone.id);
  if (matchMedia("(hover: hover)").matches) byId("text").focus();
}

function close() {
  chat.close();
  panel.mark("");
  byId("welcome").hidden = false;
  byId("desk").hidden = true;
  document.body.classList.remove("is-open");
  history.replaceState(null, "", location.pathname + location.search);
}

async function remove() {
  const phone = chat.phone;
  if (!(await chat.attempt(() => api.removePhone(phone.id)))) return;
  look.forget(phone);
  panel.forget(phone.id);
  close();
}

menuOf(byId("more"), byId("more-menu"));
byId("back").addEventListener("click", close);
byId("invite-again").addEventListener("click", () => chat.invite());
byId("pass-day").addEventListener("click", () => chat.passDay());
byId("remove").addEventListener("click", () => byId("remove-dialog").showModal());
byId("remove-dialog").addEventListener("close", () => {
  if (byId("remove-dialog").returnValue === "remove") remove();
  byId("remove-dialog").returnValue = "";
});

try {
  await panel.load();
  const wanted = panel.phones.get(location.hash.slice(1));
  if (wanted) open(wanted);
} catch (error) {
  byId("no-phones").textContent = explain(error.code);
}
