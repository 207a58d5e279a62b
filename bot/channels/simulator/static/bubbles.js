// Draws messages. What the bot says arrives as lines of plain runs with the names of their tags.

import { fileAddress } from "./api.js";
import { el, icon } from "./dom.js";
import { clock, DAY_PASSED, FILE_WORDS, LATE, sizeOf } from "./labels.js";

/** The only markup that is ever drawn. */
const TAGS = new Map([["b", ["b"]], ["i", ["i"]], ["code", ["code"]], ["pre", ["code", { class: "pre" }]], ["s", ["s"]]]);
const STATES = { sending: ["clock", "sedang dikirim"], sent: ["sent", "terkirim"], failed: ["failed", "belum terkirim"] };

/** Draw lines of runs. */
export function drawLines(lines) {
  return lines.map((line) => {
    const isBlank = line.runs.length === 0;
    const kind = line.is_item ? "line item" : isBlank ? "line blank" : "line";
    return el("div", { class: kind, dir: "auto" }, ...line.runs.map(drawRun));
  });
}

function drawRun(run) {
  const wrap = (inner, tag) => (TAGS.has(tag) ? el(TAGS.get(tag)[0], TAGS.get(tag)[1] ?? {}, inner) : inner);
  return run.tags.reduceRight(wrap, document.createTextNode(run.text));
}

/** Give a message in one line, for quotes and lists. */
export function glance(bubble) {
  const text = (bubble.lines ?? []).map((line) => line.runs.map((run) => run.text).join("")).find((line) => line);
  const kind = bubble.kind ?? (bubble.place ? "place" : (bubble.attachment?.kind ?? "text"));
  return text || bubble.attachment?.name || FILE_WORDS[kind] || "";
}

/** Draw one message with all that belongs to it; `on` holds what its buttons do. WhatsApp may make several pieces of it. */
export function drawMessage(phone, bubble, quoted, on) {
  if (bubble.side === "clock") return el("div", { class: "passed", "data-id": bubble.id }, DAY_PASSED);
  const isOwn = bubble.side === "person";
  const rows = (!bubble.pieces && bubble.buttons) || [];
  const pieces = bubble.pieces ?? [{ lines: bubble.lines, has_file: Boolean(bubble.attachment) }];
  const isWide = rows.length > 0 || pieces.some((piece) => piece.replies || piece.rows);
  const marks = [isOwn && "own", isWide && "has-buttons", bubble.sending === "failed" && "is-failed"];
  return el(
    "article",
    { class: ["message", ...marks.filter(Boolean)].join(" "), "data-id": bubble.id, "aria-label": isOwn ? "Pesan saya" : "Pesan asisten" },
    ...pieces.flatMap((piece, place) => [drawLate(piece), drawPiece(phone, bubble, piece, { quoted, on, isFirst: place === 0 })]),
    rows.length ? el("div", { class: "buttons" }, ...rows.map((row) => drawRow(bubble, row, on))) : null,
    bubble.sending === "failed" ? drawFailure(bubble, on) : null,
    drawTools(bubble, isOwn, on),
  );
}

/** Say how a piece gets through after the 24 hours. */
function drawLate(piece) {
  if (!piece.template && !piece.waits) return null;
  return el("p", { class: "late" }, icon("clock"), piece.template ? `${LATE} templat ${piece.template}` : `${LATE} menunggu sampai orang ini menulis`);
}

function drawPiece(phone, bubble, piece, { quoted, on, isFirst }) {
  return el(
    "div",
    { class: piece.waits ? "bubble waits" : "bubble" },
    isFirst && bubble.reply_to ? drawQuote(bubble.reply_to, quoted, on) : null,
    piece.has_file ? drawFile(phone, bubble) : null,
    isFirst && bubble.place ? drawPlace(bubble.place) : null,
    ...drawLines(piece.lines ?? []),
    drawMeta(bubble),
    piece.replies || piece.rows ? drawChoices(bubble, piece, on) : null,
  );
}

/** Draw what WhatsApp puts under a message: up to three replies, or the button that opens a list. */
function drawChoices(bubble, piece, on) {
  const reply = ({ title, data }) => {
    const button = el("button", { type: "button", onclick: () => on.tap(bubble, data, button) }, icon("reply"), el("span", {}, title));
    return button;
  };
  const opener = () => {
    const button = el("button", { type: "button", "aria-haspopup": "dialog", onclick: () => on.pick(bubble, piece, button) }, icon("list"), el("span", {}, piece.opener));
    return button;
  };
  return el("div", { class: "replies" }, ...(piece.rows ? [opener()] : piece.replies.map(reply)));
}

function drawQuote(id, quoted, on) {
  const text = quoted ? glance(quoted) : "Pesan yang lebih lama";
  return el("button", { class: "quote", type: "button", onclick: () => on.find(id), "aria-label": `Membalas: ${text}` }, text);
}

function drawFile(phone, bubble) {
  const sent = bubble.attachment;
  const address = bubble.preview ?? fileAddress(phone, bubble.id);
  const card = () =>
    el("a", { class: "file", href: address, target: "_blank", rel: "noopener", download: sent.name || true }, icon("file"),
      el("span", {}, el("strong", {}, sent.name || FILE_WORDS[sent.kind]), el("span", {}, sizeOf(sent.size_bytes))));
  if (sent.kind !== "photo") return card();
  const image = el("img", { src: address, alt: sent.name || "Foto", decoding: "async" });
  const frame = el("a", { class: "picture", href: address, target: "_blank", rel: "noopener" }, image);
  image.addEventListener("error", () => frame.replaceWith(card()));
  return frame;
}

function drawPlace(place) {
  const written = `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
  return el("div", { class: "file" }, icon("place"), el("span", {}, el("strong", {}, "Lokasi"), el("span", {}, written)));
}

function drawMeta(bubble) {
  const [name, label] = STATES[bubble.sending ?? "sent"];
  return el(
    "div",
    { class: "meta" },
    bubble.is_edited ? "diubah" : null,
    el("time", { datetime: bubble.at }, clock(bubble.at)),
    bubble.side === "person" ? icon(name, label) : null,
  );
}

function drawRow(bubble, row, on) {
  const draw = ([label, data]) => {
    const button = el("button", { type: "button", onclick: () => on.tap(bubble, data, button) }, label);
    return button;
  };
  return el("div", { class: "button-row" }, ...row.map(draw));
}

function drawFailure(bubble, on) {
  const again = el("button", { type: "button", onclick: () => on.retry(bubble) }, "Kirim lagi");
  return el("div", { class: "failed-note" }, "Belum terkirim.", again);
}

function drawTools(bubble, isOwn, on) {
  const tool = (name, label, act) =>
    el("button", { type: "button", "aria-label": label, title: label, onclick: () => act(bubble) }, icon(name));
  const canEdit = isOwn && bubble.text && !bubble.tapped && bubble.sending !== "failed" && !bubble.attachment;
  return el("div", { class: "tools" }, tool("reply", "Balas", on.reply), canEdit ? tool("edit", "Ubah", on.edit) : null);
}
