"""What people type instead of tapping: commands in plain words."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from conversations.snoozing import Later
from conversations.subscriptions import read_week_time

MOST_COMMAND_CHARACTERS = 80
YES = frozenset({"ya", "iya", "y", "betul", "benar", "yes", "right", "ok", "oke"})
NO = frozenset({"tidak", "bukan", "bukan saya", "salah", "no", "tdk", "nggak", "gak"})


class Intent(StrEnum):
    """What somebody wants who types a plain word."""

    MENU = "menu"
    FILL = "fill"
    CONTINUE = "continue"
    STATUS = "status"
    HELP = "help"
    CHANGE = "change"
    REVIEW = "review"
    SEND = "send"
    SEND_ANYWAY = "send_anyway"
    LANGUAGE = "language"
    SCORE = "score"
    QUEUE = "queue"
    STOP = "stop"
    SKIP = "skip"
    BACK = "back"
    UNDO = "undo"
    FILES = "files"
    REGISTER = "register"
    ASK = "ask"
    FORGET = "forget"
    PRIVACY = "privacy"
    PARTS = "parts"
    LINK = "link"
    CHATS = "chats"
    NO_NEWS = "no_news"
    NEWS = "news"
    DRAFT = "draft"
    BROADCASTS = "broadcasts"
    CALENDAR = "calendar"
    REMIND = "remind"
    LEAVE = "leave"


class Command(NamedTuple):
    """An intent with what came after the word."""

    intent: Intent
    argument: str


PHRASES: dict[Intent, tuple[str, ...]] = {
    Intent.MENU: (
        "menu",
        "start",
        "mulai lagi",
        "halo",
        "hai",
        "hello",
        "hi",
        "assalamualaikum",
        "pagi",
        "siang",
        "sore",
        "malam",
        "selamat pagi",
        "selamat siang",
        "selamat sore",
        "selamat malam",
        "beranda",
        "home",
    ),
    Intent.FILL: ("isi", "mulai", "isi formulir", "mengisi", "fill", "mulai isi", "mulai mengisi"),
    Intent.CONTINUE: ("lanjut", "lanjutkan", "teruskan", "terus", "continue", "next", "go on"),
    Intent.STATUS: ("status", "progres", "sampai mana", "sudah sampai mana", "progress"),
    Intent.HELP: ("bantuan", "help", "tolong", "panduan", "cara", "?"),
    Intent.REVIEW: ("selesai", "ringkasan", "periksa", "review", "done", "overview", "sudah selesai"),
    Intent.SEND: ("kirim", "kirim sekarang", "kirim ke koordinator", "send"),
    Intent.SEND_ANYWAY: ("tetap kirim", "kirim saja", "send anyway", "send all the same"),
    Intent.DRAFT: ("siarkan", "buat siaran", "siaran baru", "new broadcast"),
    Intent.BROADCASTS: ("siaran", "daftar siaran", "siaran saya", "broadcasts"),
    Intent.QUEUE: ("antrean", "antrian", "permintaan", "queue", "requests"),
    Intent.STOP: (
        "berhenti dulu",
        "nanti",
        "nanti dulu",
        "nanti lagi",
        "cukup",
        "jeda",
        "istirahat",
        "pause",
        "later",
    ),
    Intent.SKIP: (
        "lewati",
        "lewat",
        "skip",
        "kirim nanti",
        "tidak tahu",
        "tdk tahu",
        "belum tahu",
        "kurang tahu",
        "lupa",
        "i do not know",
        "i don't know",
    ),
    Intent.BACK: ("kembali", "mundur", "sebelumnya", "back"),
    Intent.UNDO: ("batal", "batalkan", "urungkan", "undo"),
    Intent.ASK: ("tanya koordinator", "hubungi koordinator", "butuh bantuan", "ask the coordinator", "ask coordinator"),
    Intent.LEAVE: ("bukan tugas saya", "bukan tugas saya lagi", "not my task", "not my task any more"),
    Intent.FORGET: ("hapus data saya", "hapus saya", "delete my data"),
    Intent.PARTS: ("daftar isi", "bagian", "parts", "contents"),
    Intent.PRIVACY: ("privasi", "data saya", "privacy"),
    Intent.CHATS: ("saluran", "saluran saya", "lepas", "lepas saluran", "my channels", "channels", "unlink"),
    Intent.CALENDAR: (
        "batas waktu",
        "tenggat",
        "deadline",
        "kapan ditutup",
        "kapan terakhir",
        "sampai kapan",
        "kapan batas waktunya",
        "schedule",
    ),
    Intent.NO_NEWS: ("berhenti", "stop", "berhenti langganan", "unsubscribe"),
}
WITH_ARGUMENT: dict[Intent, tuple[str, ...]] = {
    Intent.CHANGE: ("ubah", "ganti", "betulkan", "perbaiki", "change", "edit"),
    Intent.SCORE: ("skor", "nilai", "tier", "predikat", "peringkat", "score"),
    Intent.LANGUAGE: ("bahasa", "language"),
    Intent.FILES: ("bukti", "lampiran", "evidence", "files"),
    Intent.REGISTER: ("daftar", "register"),
    Intent.REMIND: ("ingatkan", "remind"),
    Intent.LINK: ("sambung", "sambungkan", "link"),
    Intent.NEWS: ("langganan", "berlangganan", "subscribe"),
    Intent.CALENDAR: ("jadwal", "kalender", "calendar"),
}
"""Words that something may follow: ``ubah 7``, ``skor Kaur``."""
LANGUAGE_WORDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "indonesia", "bahasa indonesia", "indonesian"),
    "en": ("en", "inggris", "english", "bahasa inggris"),
}
"""What the languages are called."""
CODE = re.compile(r"[A-Za-z0-9_-]{6,40}")
"""How a code looks."""
LINK_CODE = re.compile(r"[2-9a-hjkmnp-z]{8}", re.IGNORECASE)
"""How a code that links two chats looks exactly."""
IN_CODE = re.compile(r"[ .-]")
"""What people put into a code to read it better."""
OTHER_CHANNELS = frozenset({"whatsapp", "wa", "telegram", "saluran", "channel", "ke whatsapp", "ke wa", "ke telegram"})
"""Where somebody wants to go on who types no code: ``sambung ke whatsapp``."""
SWITCHED_ON = frozenset({"nyala", "nyalakan", "hidupkan", "aktif", "aktifkan", "on"})
SWITCHED_OFF = frozenset({"mati", "matikan", "off"})
"""What is to become of the weekly summary: ``langganan mati``."""
LATER_WORDS: dict[str, Later | None] = {
    **dict.fromkeys(("nanti malam", "malam ini", "malam", "this evening", "tonight"), Later.EVENING),
    **dict.fromkeys(("besok", "besok pagi", "tomorrow"), Later.TOMORROW),
    **dict.fromkeys(("senin", "hari senin", "monday", "on monday"), Later.MONDAY),
    **dict.fromkeys(("", "nanti", "lagi", "nanti saja", "later"), None),
}
"""When somebody wants to be reminded; ``None``: they are asked."""
ME = frozenset({"saya", "me"})
FILLER = frozenset("kita kami saya sekarang berapa ini itu ya dong apa our now my the what is".split())
QUESTIONS_ABOUT_SCORE = re.compile(r"\b(tier|skor|predikat|peringkat)\b.*\b(kita|sekarang|berapa|kabupaten)\b")

_EXACT = {phrase: intent for intent, phrases in PHRASES.items() for phrase in phrases}
_LEADING = {word: intent for intent, words in WITH_ARGUMENT.items() for word in words}


def plain(written: str) -> str:
    """Give the words in lower case, with single spaces and without punctuation around them."""
    return " ".join(written.casefold().strip(" .,!/\n\t").split())


def read_command(written: str) -> Command | None:
    """Find the command in what was typed; None when it is none. Telegram's ``/isi`` is the same as ``isi``."""
    if len(written) > MOST_COMMAND_CHARACTERS:
        return None
    words = plain(written)
    if words in _EXACT:
        return Command(_EXACT[words], "")
    first, _, rest = words.partition(" ")
    if first.partition("@")[0] in _EXACT and written.lstrip().startswith("/"):
        return Command(_EXACT[first.partition("@")[0]], rest)
    if first in _LEADING and _fits(_LEADING[first], rest):
        return Command(_LEADING[first], _argument(_LEADING[first], rest))
    return Command(Intent.SCORE, "") if QUESTIONS_ABOUT_SCORE.search(words) else None


def has_code_shape(word: str) -> bool:
    """Tell whether a single word is most likely an invitation code: in capitals, or with digits among letters."""
    is_mixed = any(each.isdigit() for each in word) and not word.isdecimal()
    return bool(CODE.fullmatch(word)) and (is_mixed or word.isupper())


def language_named(words: str) -> str:
    """Give the code of the language that was named; empty when none was."""
    return next((code for code, names in LANGUAGE_WORDS.items() if words in names), "")


def _argument(intent: Intent, rest: str) -> str:
    match intent:
        case Intent.SCORE:
            return _without_filler(rest)
        case Intent.LINK:
            return "" if rest in OTHER_CHANNELS else IN_CODE.sub("", rest)
        case Intent.REMIND:
            return LATER_WORDS[_without_me(rest)] or ""
        case _:
            return rest


def _without_me(words: str) -> str:
    first, _, rest = words.partition(" ")
    return rest if first in ME else words


def _without_filler(words: str) -> str:
    """``tier kita sekarang berapa`` names no region."""
    return " ".join(word for word in words.split() if word.strip("?!.,") not in FILLER)


def _fits(intent: Intent, argument: str) -> bool:
    """Tell a command from an answer that begins like one: ``nilai 80``, ``bahasa daerah``, ``daftar hadir``."""
    match intent:
        case Intent.SCORE:
            return not any(character.isdigit() for character in argument)
        case Intent.LANGUAGE:
            return not argument or bool(language_named(argument))
        case Intent.REGISTER:
            return not argument or bool(CODE.fullmatch(argument))
        case Intent.LINK:
            return argument in OTHER_CHANNELS or not argument or bool(CODE.fullmatch(IN_CODE.sub("", argument)))
        case Intent.REMIND:
            return _without_me(argument) in LATER_WORDS
        case Intent.NEWS:
            is_switch = argument in SWITCHED_ON | SWITCHED_OFF
            return is_switch or not argument or read_week_time(argument) is not None
        case _:
            return True
