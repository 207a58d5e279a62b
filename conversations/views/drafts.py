"""How a broadcast looks that is being written: its beginning, whom it is for, and what is known before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from babel.numbers import format_decimal

from conversations.audiences import BroadcastDraft
from conversations.brief import Library
from conversations.broadcasts import AudiencePreview, Carried
from conversations.texts import Markup, Texts
from conversations.turn import joined, lines
from conversations.views.naming import shortened

MOST_BEGINNING = 80
MOST_NAMED = 5


def beginning(draft: BroadcastDraft, texts: Texts) -> str:
    """Give the beginning of what it says, on one line; of a file without words, its name."""
    return shortened(" ".join(draft.text.split()), MOST_BEGINNING) or texts.plain("draft.file_only")


def audience_said(texts: Texts, chosen: Mapping[str, Sequence[str]], *, district: str) -> Markup:
    """Say whom it is for: what was chosen, by what it is (``roles``, ``people``); nothing at all is everybody."""
    told = [texts(f"draft.audience.{key}", chosen=_listed(texts, names)) for key, names in chosen.items() if names]
    return lines(*told) if told else texts("draft.audience.all", district=district)


def _listed(texts: Texts, names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], *([texts.plain("draft.and_more", amount=more)] if more > 0 else [])])


def form_name(library: Library, key: str, texts: Texts) -> str:
    """Name a form by the beginning of its title."""
    return library.forms[key].title.said(texts.language).partition(":")[0]


def preview_said(texts: Texts, preview: AudiencePreview, *, finishes: str) -> Markup:
    """Say how many get it, by what, who is left out and why, what it costs, and when it will be done."""
    samples = "; ".join(
        texts.plain("draft.sample", name=each.person or each.channel_name, post=each.post) for each in preview.samples
    )
    by_channel = ", ".join(f"{number(each.copies, texts)} {each.channel_name}" for each in preview.carried)
    left_out = [
        texts(f"broadcast.count.left_out.{why.value}", amount=number(amount, texts))
        for why, amount in preview.left_out.items()
    ]
    return joined(
        texts("draft.samples", samples=samples),
        lines(
            texts("draft.people", people=number(preview.people, texts), channels=by_channel),
            *left_out,
            *(cost_said(texts, each) for each in preview.carried if each.paid),
            *(texts("draft.held", amount=number(each.held, texts)) for each in preview.carried if each.held),
            texts("draft.next_day", amount=number(preview.next_day, texts)) if preview.next_day else None,
            texts("draft.finishes", moment=finishes),
        ),
    )


def cost_said(texts: Texts, carried: Carried) -> Markup:
    """Say what the copies of a channel cost, as far as it is known."""
    if carried.rupiah is None:
        return texts("draft.paid", paid=number(carried.paid, texts), channel=carried.channel_name)
    rupiah = number(carried.rupiah, texts)
    return texts("draft.costs", paid=number(carried.paid, texts), channel=carried.channel_name, rupiah=rupiah)


def number(amount: int, texts: Texts) -> str:
    """Write a whole number as it is read there: ``1.200``."""
    return str(format_decimal(amount, locale=texts.language))
