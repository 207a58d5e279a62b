"""Tells somebody who has not written for long that something waits for them."""

from __future__ import annotations

from bot.channels.whatsapp.templates import Templates
from conversations.messages import Message, escaped
from conversations.people import Person
from conversations.taps import Verb, tap

TEMPLATE = "kabar_menunggu"
READ = tap(Verb.MENU, "home")
"""Tapping is writing: what waits comes of itself, after an answer to this."""


class Notices:
    """Makes the notices, in the person's language."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def __call__(self, reader: Person, place: str) -> Message:
        """Write a notice; ``place``: a region of theirs, or empty."""
        name = f"{reader.honorific} {reader.name}".strip() if reader.name else ""
        template = self._templates.fill(TEMPLATE, reader.language, (name, place), (READ,))
        return Message(escaped(self._templates.text(template)), template=template)
