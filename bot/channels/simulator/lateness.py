"""What WhatsApp would send to somebody who has not written for 24 hours."""

from __future__ import annotations

from functools import cache

import msgspec

from bot.channels.simulator.bubbles import Bubble, Phone, TemplateShown
from bot.channels.simulator.posts import owner_of
from bot.channels.whatsapp.notices import Notices
from bot.channels.whatsapp.templates import Templates, load_templates
from conversations.messages import Button, Message, Template
from conversations.people import Person


def too_late(bubble: Bubble, message: Message, phone: Phone, *, is_told: bool) -> Bubble:
    """Give the bubble of a message that comes too late: it goes as its template, or waits.

    ``is_told``: the person knows already that something waits, so that no notice is sent.
    """
    if message.template:
        return msgspec.structs.replace(bubble, is_late=True, template=_shown(message.template))
    notice = None if is_told else Notices(_templates())(_owner(phone), phone.post.region if phone.post else "")
    template = _shown(notice.template) if notice and notice.template else None
    return msgspec.structs.replace(bubble, is_late=True, template=template, waits=True)


def _shown(template: Template) -> TemplateShown:
    labels = _templates().labels(template)
    buttons = tuple(Button(label, data) for label, data in zip(labels, template.payloads, strict=True))
    return TemplateShown(template.name, _templates().text(template), buttons)


def _owner(phone: Phone) -> Person:
    _, honorific = owner_of(phone.kind, phone.post.key) if phone.post else ("", "")
    return Person(0, phone.owner, honorific)


@cache
def _templates() -> Templates:
    return load_templates()
