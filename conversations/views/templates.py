"""Which approved template says the same as a message, for readers whose chat takes nothing else.

Names, parameters and buttons are those of the channel's registry (``bot/channels/whatsapp/templates.toml``).
"""

from __future__ import annotations

from conversations.messages import Template
from conversations.texts import Texts


def times_changed(texts: Texts, name: str, form: str, times: str, *, payload: str) -> Template:
    """Tell somebody that their time for a form is another one; ``payload``: what the one button carries."""
    return Template(
        "jadwal_berubah", texts.language, (texts.plain("template.dear", name=name), form, times), (payload,)
    )


def request_decided(texts: Texts, name: str, post: str, *, is_granted: bool, payload: str) -> Template:
    """Tell somebody what became of their request for a post; ``payload``: what the one button carries."""
    decision = texts.plain("template.granted" if is_granted else "template.refused")
    return Template(
        "permintaan_diputuskan", texts.language, (texts.plain("template.dear", name=name), post, decision), (payload,)
    )


def rows_returned(texts: Texts, name: str, what: tuple[str, str], *, payloads: tuple[str, str]) -> Template:
    """Tell somebody that rows came back: of which region, and what is to be completed."""
    return Template("perlu_dilengkapi", texts.language, (texts.plain("template.dear", name=name), *what), payloads)


def summary(texts: Texts, told: tuple[str, str, str], payload: str) -> Template:
    """Tell somebody's weekly summary in a line; ``told``: what they are called, their region, and that line."""
    return Template("ringkasan", texts.language, told, (payload,))


def progress_told(texts: Texts, name: str, said: tuple[str, str, str], *, payload: str) -> Template:
    """Tell somebody how far a region is: which, how many have finished, and until when."""
    return Template("laporan", texts.language, (texts.plain("template.dear", name=name), *said), (payload,))


def reminded(texts: Texts, parameters: tuple[str, str, str, str], payloads: tuple[str, str, str]) -> Template:
    """Remind somebody: name, form, what is missing, end; to fill in, be reminded later, ask for help."""
    return Template("pengingat", texts.language, parameters, payloads)


def invited(texts: Texts, parameters: tuple[str, str, str], payloads: tuple[str, str]) -> Template:
    """Invite somebody to a post: name, district, post; yes, no."""
    return Template("undangan", texts.language, parameters, payloads)
