"""How a letter looks: who writes, what, and what it is about."""

from __future__ import annotations

from conversations.messages import Button, Message, bubble, escaped
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts
from conversations.views.naming import shortened

MOST_QUOTED = 160
"""Characters of what a letter answers."""


def letter_message(texts: Texts, text: Markup, *, code: str, about: str = "") -> Message:
    """Give a letter as its reader sees it, with the button that answers it; ``about``: what it answers itself."""
    told = f"{text}\n\n{texts('letter.about', about=quoted(about))}" if about else text
    return bubble(told, ((Button(texts.plain("button.reply"), tap(Verb.REPLY, 0, code)),),))


def letter_text(texts: Texts, sender: str, post: str, written: str) -> Markup:
    """Say who writes, and what."""
    return texts("letter.text", name=sender, post=post, text=Markup(escaped(written)))


def quoted(text: str) -> str:
    """Give the beginning of what somebody wrote, on one line."""
    return shortened(" ".join(text.split()), MOST_QUOTED)
