"""Whom a broadcast is for and what it says, before it is sent; and which placeholders its text may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from conversations.events import StoredFile
from conversations.form_states import FormState
from conversations.people import Role

MOST_BROADCAST_CHARACTERS = 3000
"""As typed: what fills the placeholders, and who it comes from, have to fit into the message too."""
MOST_TEMPLATE_CHARACTERS = 650
"""What fits where a channel takes nothing but its template (``siaran`` of ``bot/channels/whatsapp/templates.toml``)."""
BRACED = re.compile(r"\{[^{}]*\}|[{}]")


class Placeholder(StrEnum):
    """What stands for something that each reader's copy says in its own way."""

    NAME = "{nama}"
    """How the reader is called: ``Bapak Ahmad``."""
    REGION = "{desa}"
    """The region of the reader's post: ``Desa Sungai Rebo``."""
    MISSING = "{kurang}"
    """What their form still lacks: ``4 jawaban dan 2 bukti``."""


PLACEHOLDERS: Mapping[str, Placeholder] = {each.value: each for each in Placeholder}


class Audience(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which holders of posts a broadcast is for: those who meet all that is not empty."""

    region: int
    """The district (or province) in which their posts lie."""
    roles: tuple[Role, ...] = ()
    subdistricts: tuple[int, ...] = ()
    """Of regions; the kecamatan's own posts and those of its villages."""
    form: str = ""
    """A form of the running cycle that their region has to answer."""
    states: tuple[FormState, ...] = ()
    """How far that form is, or, without ``form``, any that they have to answer."""
    channel: str = ""
    """By which they are reached now: ``telegram``."""
    people: tuple[int, ...] = ()
    """Picked by hand: these and nobody else."""
    failed_of: int = 0
    """Those whom this broadcast was sent to and did not reach."""


class BroadcastDraft(msgspec.Struct, frozen=True, omit_defaults=True):
    """A broadcast that is being written."""

    audience: Audience
    text: str = ""
    """Plain, as it was typed, with its placeholders."""
    file: StoredFile | None = None
    """A picture or document above the text."""
    starts_at: int = 0
    """Unix seconds; 0: as soon as it cannot be undone any more."""


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """Give what looks like a placeholder and is none, as it was typed, each once: ``{naam}``, or a brace alone."""
    found = dict.fromkeys(BRACED.findall(text))
    return tuple(each for each in found if each not in PLACEHOLDERS)


def fits_template(text: str, file: StoredFile | None) -> bool:
    """Tell whether a broadcast can go where a channel takes nothing but its template, which carries no file."""
    return file is None and len(text) <= MOST_TEMPLATE_CHARACTERS


def placeholders_in(text: str) -> tuple[Placeholder, ...]:
    """Give the placeholders that a text has."""
    return tuple(each for each in Placeholder if each in text)


def filled(text: str, values: Mapping[Placeholder, str]) -> str:
    """Put values in place of placeholders, all at once: a value that looks like one stays as it is."""
    return BRACED.sub(lambda found: values[PLACEHOLDERS[found[0]]] if found[0] in PLACEHOLDERS else found[0], text)
