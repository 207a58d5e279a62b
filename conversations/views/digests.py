"""How far the villages of a kecamatan are, or the kecamatan of a kabupaten, on cards and in lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from conversations.escalation import BEHIND_FIRST, Progress, Unit, Units
from conversations.hours import greeting_key
from conversations.messages import Button, Message, bubble
from conversations.people import Person, Region
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts, texts_for
from conversations.turn import Buttons, column, joined, lines
from conversations.views import templates
from conversations.views.calendar import end_text, left_text

MOST_NAMED = 12
"""Units named in one line; the others are counted."""
MOST_LINES = 25
"""Kecamatan of a kabupaten that are listed, those furthest behind first."""
MOST_LISTED = 60
"""Units of a list."""
MOST_BUTTONS = 8


def digest_message(reader: Person, units: Units, at: datetime) -> Message:
    """Tell somebody unasked how far the units of their region are: one card for all."""
    texts = texts_for(reader.language, reader.honorific)
    hello = texts(greeting_key(at, units.region.code))
    greeting = texts("digest.greeting", hello=hello, name=reader.called or texts.plain("you"))
    message = bubble(joined(greeting, card_text(units, at, texts)), card_buttons(units, texts))
    ends = next((each.due_at for each in units.windows if each.due_at), at)
    end = str(end_text(ends, units.region.code, texts))
    said = (unit_name(units.region, texts), _done_in_a_line(units, texts), end)
    payload = tap(Verb.DIGEST, "list", units.region.id)
    return replace(message, template=templates.progress_told(texts, reader.name, said, payload=payload))


def card_text(units: Units, at: datetime, texts: Texts) -> Markup:
    """Say how far they are: how many have finished, who is on it, who is silent, with names; and what time is left."""
    window = next((each for each in units.windows if each.due_at), None)
    return joined(
        lines(
            texts("digest.title", region=unit_name(units.region, texts)),
            left_text(window, at, units.region.code, texts) if window else None,
        ),
        _of_district(units, texts) if units.region.kind == "district" else _of_subdistrict(units, texts),
    )


def _of_subdistrict(units: Units, texts: Texts) -> Markup:
    own = [texts("digest.own", state=state_text(each, texts)) for each in units.subdistricts]
    return joined(lines(_villages(units.villages, texts), *_behind(units.villages, texts)), *own)


def _of_district(units: Units, texts: Texts) -> Markup:
    groups = _by_subdistrict(units)
    open_groups = [each for each in groups if not _is_done(each)]
    shown = [_group_line(each, texts) for each in open_groups[:MOST_LINES]]
    rest = len(open_groups) - len(shown)
    own = [each for each in units.subdistricts if each.progress is not Progress.SENT]
    return joined(
        lines(
            _villages(units.villages, texts),
            _subdistricts(units.subdistricts, texts) if units.subdistricts else None,
        ),
        lines(*shown, texts("digest.more_lines", amount=rest) if rest else None),
        texts("digest.own_missing", count=len(own), names=_names(own, texts)) if own else None,
    )


def _is_done(some: Sequence[Unit]) -> bool:
    return all(each.progress is Progress.SENT for each in some)


def _by_subdistrict(units: Units) -> list[list[Unit]]:
    """Group villages by their kecamatan, the group furthest behind first."""
    groups: dict[str, list[Unit]] = {}
    for each in units.villages:
        groups.setdefault(each.region.code.rpartition(".")[0], []).append(each)
    return sorted(groups.values(), key=lambda some: _sent(some) / len(some))


def _sent(some: Iterable[Unit]) -> int:
    return sum(each.progress is Progress.SENT for each in some)


def _villages(some: Sequence[Unit], texts: Texts) -> Markup:
    if some and _is_done(some):
        return texts("digest.villages_all", whole=len(some))
    return texts("digest.villages", done=_sent(some), whole=len(some))


def _subdistricts(some: Sequence[Unit], texts: Texts) -> Markup:
    if _is_done(some):
        return texts("digest.subdistricts_all", whole=len(some))
    return texts("digest.subdistricts", done=_sent(some), whole=len(some))


def _group_line(some: Sequence[Unit], texts: Texts) -> Markup:
    if _is_done(some):
        return texts("digest.group_done", name=some[0].region.subdistrict, whole=len(some))
    counted = Counter(each.progress for each in some)
    states = [
        texts(f"digest.short.{each}", count=counted[each])
        for each in BEHIND_FIRST
        if counted[each] and each is not Progress.SENT
    ]
    name, details = some[0].region.subdistrict, Markup(", ").join(states)
    return texts("digest.group", name=name, done=_sent(some), whole=len(some), details=Markup(details))


def _behind(some: Sequence[Unit], texts: Texts) -> list[Markup]:
    """Give a line for each state but the last, with names: first who is nearly there, last who is silent."""
    found = []
    for state in reversed(BEHIND_FIRST):
        mine = [each for each in some if each.progress is state]
        if mine and state is not Progress.SENT:
            found.append(texts(f"digest.line.{state}", count=len(mine), names=_names(mine, texts)))
    return found


def _names(some: Sequence[Unit], texts: Texts) -> str:
    return _listed([_named(each, texts) for each in some], texts)


def _listed(names: Sequence[str], texts: Texts) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (texts.plain("review.and_more", count=rest) if rest > 0 else "")


def _named(unit: Unit, texts: Texts) -> str:
    name = unit_name(unit.region, texts)
    return f"{name} ({unit.done}/{unit.whole})" if unit.progress is Progress.IN_PROGRESS else name


def unit_name(region: Region, texts: Texts) -> str:
    """Name a unit without what is around it: ``Desa Duren Ijo``."""
    if region.kind == "village":
        return texts.plain("unit.ward" if region.is_ward else "unit.village", name=region.name)
    key = "region.subdistrict" if region.kind == "subdistrict" else "region.plain"
    return texts.plain(key, name=region.name)


def state_text(unit: Unit, texts: Texts) -> Markup:
    """Say how far a single unit is."""
    return texts(f"digest.state.{unit.progress}", done=unit.done, whole=unit.whole)


def _done_in_a_line(units: Units, texts: Texts) -> str:
    return texts.plain("digest.template", done=_sent(units.villages), whole=len(units.villages))


def card_buttons(units: Units, texts: Texts) -> Buttons:
    """Offer to have those reminded who are not done, and the list."""
    shown = Button(texts.plain("button.see_list"), tap(Verb.DIGEST, "list", units.region.id))
    return column(*nudge_button(units, texts), shown)


def nudge_button(units: Units, texts: Texts) -> tuple[Button, ...]:
    """Offer to have everybody reminded who is not done; none where there is nobody."""
    amount = sum(each.can_be_nudged for each in others(units))
    if not amount:
        return ()
    key = "button.nudge_units" if units.region.kind == "district" else "button.nudge_villages"
    return (Button(texts.plain(key, amount=amount), tap(Verb.DIGEST, "nudge", units.region.id)),)


def others(units: Units) -> tuple[Unit, ...]:
    """Give those that somebody else answers for: of a kecamatan, its villages."""
    return units.all if units.region.kind == "district" else units.villages


def list_text(units: Units, texts: Texts) -> Markup:
    """List the villages of a kecamatan, or the kecamatan of a kabupaten, those furthest behind first."""
    head = texts("digest.title", region=unit_name(units.region, texts))
    if units.region.kind == "district":
        return joined(head, lines(*(_group_line(each, texts) for each in _by_subdistrict(units))))
    ordered = sorted(units.villages, key=lambda each: BEHIND_FIRST.index(each.progress))
    listed = [
        texts("digest.listed", name=unit_name(each.region, texts), state=state_text(each, texts))
        for each in ordered[:MOST_LISTED]
    ]
    rest = len(ordered) - len(listed)
    return joined(head, lines(*listed, texts("digest.more_units", amount=rest) if rest else None))


def list_buttons(units: Units, texts: Texts) -> Buttons:
    """Offer, of a kabupaten, its kecamatan that are not done; of a kecamatan, to have single villages reminded."""
    if units.region.kind == "district":
        behind = {each[0].region.code.rpartition(".")[0] for each in _by_subdistrict(units) if not _is_done(each)}
        return column(
            *(
                Button(unit_name(each.region, texts), tap(Verb.DIGEST, "show", each.region.id))
                for each in units.subdistricts
                if each.region.code in behind
            )
        )
    single = [each for each in units.villages if each.can_be_nudged and not each.is_nudged]
    buttons = [
        Button(
            texts.plain("button.nudge_one", name=unit_name(each.region, texts)),
            tap(Verb.DIGEST, "nudge", each.region.id),
        )
        for each in single[:MOST_BUTTONS]
    ]
    return column(*(nudge_button(units, texts) if len(single) > 1 else ()), *buttons)


def nudged_text(units: Sequence[Unit], texts: Texts) -> Markup:
    """Say who is reminded."""
    return texts("digest.nudged", names=_listed([unit_name(each.region, texts) for each in units], texts))
