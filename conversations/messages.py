"""What is shown to a person, before any channel has drawn it."""

from __future__ import annotations

import html

import msgspec

from conversations.events import StoredFile

MOST_TEXT_UNITS = 4096
"""Longest text of one message that every channel takes, in UTF-16 units (Telegram, WhatsApp)."""


class Button(msgspec.Struct, frozen=True, array_like=True):
    """A choice that can be tapped: what it says, and what comes back (at most 64 bytes; Telegram's limit)."""

    label: str
    data: str
    word: str = ""
    """What does the same when it is typed: where buttons are few, this one may be left out and its word shown."""


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    """An approved text of the platform's, for readers who have not written for so long that nothing else may go."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    """What stands for ``{{1}}`` and so on: plain text."""
    payloads: tuple[str, ...] = ()
    """What its buttons carry, in order."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bubble: text in our small markup (``<b>``, ``<i>``, ``<code>``, ``<pre>``, entities), buttons, a file.

    Channels that cannot show all the buttons write them as a numbered list; a typed number chooses then.
    """

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    file: StoredFile | None = None
    """A picture or document of our store, shown above the text."""
    template: Template | None = None
    """What goes in its place where only templates may; without one it waits until its reader writes."""
    or_type: str = ""
    """What leads in the words of buttons that are left out: ``Atau ketik``."""


def bubble(text: str, buttons: tuple[tuple[Button, ...], ...] = (), *, or_type: str = "") -> Message:
    """Make a message of text that is already markup (a subclass of ``str`` becomes plain ``str``, as JSON wants it)."""
    return Message(str(text), buttons, or_type=str(or_type))


def escaped(text: str) -> str:
    """Make somebody's own words safe inside a message's markup."""
    return html.escape(text, quote=False)
