"""Choosing whom a broadcast is for: by post, kecamatan, form, how far it is, channel, or one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from msgspec.structs import replace

from conversations.audiences import Audience, BroadcastDraft
from conversations.broadcasts import AudiencePreview
from conversations.dialogs.drafts import drop_button, move
from conversations.form_states import FormState
from conversations.messages import Button
from conversations.needs import AudienceNeed, HoldersNeed, PersonNeed, RegionNeed, RegionSearchNeed
from conversations.people import Holder, Person, Region, Role
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, joined
from conversations.views.drafts import audience_said, form_name, number
from conversations.views.naming import post_name

MOST_OFFERED = 8
MOST_WORDS = 80
MOST_CHOSEN = 40
"""Kecamatan or people that are picked one by one: what is chosen is kept in the session and said back."""
WAYS = ("roles", "subdistricts", "forms", "states", "channels", "people")
"""What can be chosen."""
MARK = "✓ "
ROLES = {each.value: each for each in Role}
STATES = {each.value: each for each in FormState}
One = TypeVar("One")


def show(turn: Turn, draft: BroadcastDraft, *, before: Markup | str = "") -> None:
    """Say whom it is for now, how many that are, and how it can be changed."""
    move(turn, "audience")
    preview = preview_of(turn, draft)
    chosen = _chosen(turn, draft.audience, preview)
    text = joined(
        before,
        turn.texts("draft.whom"),
        audience_said(turn.texts, chosen, district=_region(turn, draft.audience.region)),
        turn.texts("draft.so_many", people=number(preview.people, turn.texts)),
    )
    ways = [_way(turn, each) for each in WAYS]
    pairs = [tuple(ways[start : start + 2]) for start in range(0, len(ways), 2)]
    everybody = [Button(turn.texts.plain("button.draft_everybody"), tap(Verb.BROADCAST, "everybody"))]
    is_all = draft.audience == Audience(draft.audience.region)
    onward = Button(turn.texts.plain("button.draft_preview"), tap(Verb.BROADCAST, "preview"))
    turn.say(text, (*column(onward), *pairs, *column(*([] if is_all else everybody), drop_button(turn))))


def preview_of(turn: Turn, draft: BroadcastDraft) -> AudiencePreview:
    """Look up whom it would reach."""
    found = turn.find(AudienceNeed(draft, turn.brief.person.id))
    assert isinstance(found, AudiencePreview)
    return found


def _way(turn: Turn, what: str) -> Button:
    return Button(turn.texts.plain(f"button.draft.{what}"), tap(Verb.BROADCAST, what))


def _chosen(turn: Turn, audience: Audience, preview: AudiencePreview) -> dict[str, list[str]]:
    """Name what was chosen."""
    texts = turn.texts
    channel = next((each.channel_name for each in preview.carried), audience.channel.title())
    return {
        "people": [_person(turn, each) for each in audience.people],
        "roles": [texts.plain(f"draft.role.{each.value}") for each in audience.roles],
        "subdistricts": [_region(turn, each) for each in audience.subdistricts],
        "form": [form_name(turn.brief.library, audience.form, texts)] if audience.form else [],
        "states": [texts.plain(f"draft.state.{each.value}") for each in audience.states],
        "channel": [channel] if audience.channel else [],
    }


def _region(turn: Turn, number: int) -> str:
    region = turn.find(RegionNeed(number))
    assert isinstance(region, Region)
    return region.name


def _person(turn: Turn, number: int) -> str:
    person = turn.find(PersonNeed(number))
    return (person.called if isinstance(person, Person) else "") or turn.texts.plain("somebody")


def take_tap(turn: Turn, draft: BroadcastDraft, tapped: Tap) -> None:
    """Take a tap that shows or changes whom it is for."""
    what, audience = tapped.text(0), draft.audience
    if what in SHOWN:
        SHOWN[what](turn, draft)
        return
    changed = _changed(turn, audience, tapped)
    changed_draft = replace(draft, audience=changed)
    turn.note(draft=changed_draft)
    STAYS.get(what, show)(turn, changed_draft)


def _changed(turn: Turn, audience: Audience, tapped: Tap) -> Audience:
    value, chosen = tapped.text(1), tapped.number(1)
    match tapped.text(0):
        case "everybody":
            return Audience(audience.region)
        case "role" if value in ROLES:
            return replace(audience, roles=_toggled(audience.roles, ROLES[value]))
        case "state" if value in STATES:
            return replace(audience, states=_toggled(audience.states, STATES[value]))
        case "form" if not value or value in turn.brief.library.forms:
            return replace(audience, form="" if value == audience.form else value)
        case "channel" if not value or value in _channels(turn, audience):
            return replace(audience, channel="" if value == audience.channel else value)
        case "sub" if chosen in audience.subdistricts or _is_within(turn, audience, chosen):
            return replace(audience, subdistricts=_toggled(audience.subdistricts, chosen)[-MOST_CHOSEN:])
        case "person":
            return replace(audience, people=_toggled(audience.people, chosen)[-MOST_CHOSEN:])
        case _:
            return audience


def _toggled(chosen: tuple[One, ...], one: One) -> tuple[One, ...]:
    return tuple(each for each in chosen if each != one) if one in chosen else (*chosen, one)


def _is_within(turn: Turn, audience: Audience, number: int) -> bool:
    region = turn.find(RegionNeed(number))
    return isinstance(region, Region) and region.kind == "subdistrict" and region.district_id == audience.region


def _channels(turn: Turn, audience: Audience) -> dict[str, str]:
    """Give the channels by which anybody of the district is reached, with what they are called."""
    everybody = BroadcastDraft(Audience(audience.region))
    return {each.channel: each.channel_name for each in preview_of(turn, everybody).carried}


# what is chosen among


def _offer(turn: Turn, key: str, buttons: Sequence[Button]) -> None:
    back = Button(turn.texts.plain("button.draft_back"), tap(Verb.BROADCAST, "to"))
    turn.say(turn.texts(f"draft.which.{key}"), column(*buttons, back))


def _box(label: str, what: str, value: str | int, *, is_chosen: bool) -> Button:
    return Button(f"{MARK if is_chosen else ''}{label}", tap(Verb.BROADCAST, what, value))


def _show_roles(turn: Turn, draft: BroadcastDraft) -> None:
    move(turn, "audience")
    chosen = draft.audience.roles
    labels = {each: turn.texts.plain(f"draft.role.{each.value}") for each in Role}
    _offer(turn, "roles", [_box(label, "role", each, is_chosen=each in chosen) for each, label in labels.items()])


def _show_states(turn: Turn, draft: BroadcastDraft) -> None:
    move(turn, "audience")
    chosen = draft.audience.states
    labels = {each: turn.texts.plain(f"draft.state.{each.value}") for each in FormState}
    _offer(turn, "states", [_box(label, "state", each, is_chosen=each in chosen) for each, label in labels.items()])


def _show_forms(turn: Turn, draft: BroadcastDraft) -> None:
    move(turn, "audience")
    library, chosen = turn.brief.library, draft.audience.form
    labels = {key: form_name(library, key, turn.texts) for key in library.forms}
    _offer(turn, "forms", [_box(label, "form", key, is_chosen=key == chosen) for key, label in labels.items()])


def _show_channels(turn: Turn, draft: BroadcastDraft) -> None:
    move(turn, "audience")
    chosen = draft.audience.channel
    labels = _channels(turn, draft.audience)
    _offer(turn, "channels", [_box(name, "channel", key, is_chosen=key == chosen) for key, name in labels.items()])


def _show_subdistricts(turn: Turn, draft: BroadcastDraft) -> None:
    """Kecamatan are found by their names: a district may have fifty of them."""
    move(turn, "subdistrict")
    chosen = [_box(_region(turn, each), "sub", each, is_chosen=True) for each in draft.audience.subdistricts]
    _offer(turn, "subdistricts", chosen)


def _show_people(turn: Turn, draft: BroadcastDraft) -> None:
    move(turn, "person")
    chosen = [_box(_person(turn, each), "person", each, is_chosen=True) for each in draft.audience.people]
    _offer(turn, "people", chosen)


SHOWN: Mapping[str, Callable[[Turn, BroadcastDraft], None]] = {
    "to": show,
    "roles": _show_roles,
    "subdistricts": _show_subdistricts,
    "forms": _show_forms,
    "states": _show_states,
    "channels": _show_channels,
    "people": _show_people,
}
"""What can be chosen among, by what a button carries."""
STAYS: Mapping[str, Callable[[Turn, BroadcastDraft], None]] = {
    "role": _show_roles,
    "state": _show_states,
    "sub": _show_subdistricts,
    "person": _show_people,
}
"""After a choice of these kinds one may choose more of them."""
TAKEN = frozenset({*SHOWN, *STAYS, "everybody", "form", "channel"})
"""What taps of this dialog carry."""


# what is looked for by its name


def search_subdistricts(turn: Turn, draft: BroadcastDraft, written: str) -> None:
    """Offer the kecamatan that have such a name."""
    found = _regions(turn, draft, written, ("subdistrict",))
    chosen = draft.audience.subdistricts
    buttons = [_box(each.name, "sub", each.id, is_chosen=each.id in chosen) for each in found]
    _offer(turn, "subdistricts" if found else "unknown", buttons)


def search_people(turn: Turn, draft: BroadcastDraft, written: str) -> None:
    """Offer who holds posts in the places that have such a name."""
    found = _regions(turn, draft, written, ("village", "subdistrict", "district"))
    holders = turn.find(HoldersNeed(tuple(each.id for each in found))) if found else ()
    chosen = draft.audience.people
    labels = {each.person.id: _label(turn, each) for each in cast("tuple[Holder, ...]", holders)}
    labels.pop(turn.brief.person.id, None)
    buttons = [_box(label, "person", each, is_chosen=each in chosen) for each, label in labels.items()]
    key = "people" if buttons else "nobody" if found else "unknown"
    _offer(turn, key, buttons[:MOST_OFFERED])


def _label(turn: Turn, holder: Holder) -> str:
    return f"{holder.person.called} - {post_name(turn.brief.library, holder.post, turn.texts)}"


def _regions(turn: Turn, draft: BroadcastDraft, written: str, kinds: tuple[str, ...]) -> Sequence[Region]:
    district = turn.find(RegionNeed(draft.audience.region))
    assert isinstance(district, Region)
    words = written[:MOST_WORDS].strip().casefold()
    found = turn.find(RegionSearchNeed(words, kinds, district.code))
    return cast("tuple[Region, ...]", found)[:MOST_OFFERED]
