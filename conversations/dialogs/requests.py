"""Somebody without an invitation asks for a post; the coordinator grants it or not."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from conversations.actions import DecideRequest, IssueInvitation, RequestAccess, Tell
from conversations.dialogs.asking import asking_of
from conversations.dialogs.offers import menu_button
from conversations.dialogs.registration import clean_name
from conversations.messages import Button, bubble
from conversations.needs import (
    CoordinatorsNeed,
    FreshCodeNeed,
    QueueNeed,
    RegionNeed,
    RegionSearchNeed,
    RequestNeed,
)
from conversations.people import AccessRequest, Post, Region, Role, Standing
from conversations.session import Home, Lost, Requesting
from conversations.taps import Tap, Verb, tap
from conversations.texts import Texts
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.naming import post_name, region_name
from conversations.views.templates import request_decided
from indicators.form import Text

ROLES: dict[str, tuple[Role, Standing, tuple[str, ...]]] = {
    "head": (Role.VILLAGE_HEAD, Standing.DEFINITIVE, ("village",)),
    "operator": (Role.VILLAGE_HEAD, Standing.OPERATOR, ("village",)),
    "camat": (Role.SUBDISTRICT_HEAD, Standing.DEFINITIVE, ("subdistrict",)),
    "camat_operator": (Role.SUBDISTRICT_HEAD, Standing.OPERATOR, ("subdistrict",)),
    "office": (Role.OFFICE, Standing.DEFINITIVE, ("district",)),
    "official": (Role.OFFICIAL, Standing.DEFINITIVE, ("district",)),
}
"""What can be asked for, with the kind of region it belongs to. A coordinator is appointed by the administrator."""
MOST_REGIONS_OFFERED = 5
MOST_SEARCH_CHARACTERS = 80
MOST_SHOWN = 5


def start(turn: Turn) -> None:
    """Begin a request."""
    turn.note(paused=asking_of(turn.session))
    _move_on(turn, Requesting(name=turn.brief.person.name))


def _move_on(turn: Turn, place: Requesting) -> None:
    turn.move(place)
    ask_what_is_missing(turn, place)


def ask_what_is_missing(turn: Turn, place: Requesting) -> None:
    """Ask for the next thing that the request needs."""
    texts = turn.texts
    if not place.name:
        turn.say(texts("request.name"))
    elif place.role is None:
        turn.say(
            texts("request.role"),
            column(*(Button(texts.plain(f"request.role.{key}"), tap(Verb.REQUEST, "role", key)) for key in ROLES)),
        )
    elif place.region is None:
        turn.say(texts(f"request.region.{_kinds(place)[0]}"))
    elif place.role is Role.OFFICE and not place.office:
        turn.say(texts("request.office"), _office_buttons(turn))
    else:
        _ask_confirmation(turn, place)


def _kinds(place: Requesting) -> tuple[str, ...]:
    return next(kinds for role, standing, kinds in ROLES.values() if (role, standing) == (place.role, place.standing))


def _offices(turn: Turn) -> dict[str, Text]:
    """Give the offices that answer a district's form, by code."""
    return {
        code: text
        for form in turn.brief.library.forms.values()
        for code, text in form.offices.items()
        if form.unit == "kabupaten"
    }


def _office_buttons(turn: Turn) -> Buttons:
    offices = _offices(turn)
    buttons = [
        Button(text.said(turn.texts.language), tap(Verb.REQUEST, "office", code)) for code, text in offices.items()
    ]
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


def _ask_confirmation(turn: Turn, place: Requesting) -> None:
    text = turn.texts("request.check", name=place.name, post=_wanted_post(turn, place, turn.texts))
    turn.say(
        text,
        column(
            Button(turn.texts.plain("button.send_request"), tap(Verb.REQUEST, "send")),
            Button(turn.texts.plain("button.start_over"), tap(Verb.REQUEST, "start")),
        ),
    )


def _wanted_post(turn: Turn, place: Requesting, texts: Texts) -> str:
    assert place.role is not None
    assert place.region is not None
    wanted = Post(0, place.role, place.region, place.standing, place.office)
    return post_name(turn.brief.library, wanted, texts)


def take_text(turn: Turn, place: Requesting, written: str) -> None:
    """Take what is typed during a request: the name, or the region."""
    if not place.name:
        name = clean_name(written)
        if not name:
            turn.say(turn.texts("register.name_again"))
            return
        _move_on(turn, msgspec.structs.replace(place, name=name))
    elif place.role is not None and place.region is None:
        _search(turn, place, written)
    else:
        ask_what_is_missing(turn, place)


def _search(turn: Turn, place: Requesting, written: str) -> None:
    found = turn.find(RegionSearchNeed(written[:MOST_SEARCH_CHARACTERS].strip().casefold(), _kinds(place)))
    assert isinstance(found, tuple)
    if not found:
        turn.say(turn.texts("request.region_unknown"))
        return
    buttons = [
        Button(_full_name(turn, region), tap(Verb.REQUEST, "region", region.id))
        for region in found[:MOST_REGIONS_OFFERED]
    ]
    turn.say(turn.texts("request.which_region"), column(*buttons))


def _full_name(turn: Turn, region: Region) -> str:
    name = region_name(region, turn.texts)
    return name if region.kind == "district" or not region.district else f"{name}, {region.district}"


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap during a request."""
    what, value = tapped.text(0), tapped.text(1)
    place = turn.place
    if what == "start" or not isinstance(place, Requesting):
        start(turn)
        return
    match what:
        case "role" if value in ROLES:
            role, standing, _ = ROLES[value]
            place = msgspec.structs.replace(place, role=role, standing=standing, region=None, office="")
        case "region" if place.role:
            region = turn.find(RegionNeed(tapped.number(1)))
            if isinstance(region, Region) and region.kind in _kinds(place):
                place = msgspec.structs.replace(place, region=region)
        case "office" if value in _offices(turn):
            place = msgspec.structs.replace(place, office=value)
        case "send":
            _send(turn, place)
            return
    _move_on(turn, place)


def _send(turn: Turn, place: Requesting) -> None:
    if not place.name or place.role is None or place.region is None or (place.role is Role.OFFICE and not place.office):
        ask_what_is_missing(turn, place)
        return
    turn.do(RequestAccess(place.name, place.role, place.standing, place.region.id, place.office))
    coordinators = turn.find(CoordinatorsNeed(place.region.district_id))
    assert isinstance(coordinators, tuple)
    for person in coordinators:
        _tell_coordinator(turn, place, person)
    turn.move(Home() if turn.brief.posts else Lost())
    key = "request.sent" if coordinators else "request.sent_nobody"
    turn.say(turn.texts(key, district=place.region.district), column(menu_button(turn)) if turn.brief.posts else ())


def _tell_coordinator(turn: Turn, place: Requesting, person: int) -> None:
    texts = turn.texts_of(person)
    text = texts("request.told", name=place.name, post=_wanted_post(turn, place, texts))
    button = Button(texts.plain("button.queue"), tap(Verb.MENU, "queue"))
    once = f"request:{turn.brief.person.id}:{person}:{int(turn.event.at.timestamp())}"
    turn.do(Tell(person, bubble(text, ((button,),)), once))


def show_queue(turn: Turn) -> None:
    """Show the coordinator who asks for a post."""
    post = turn.holds(Role.COORDINATOR)
    if post is None:
        turn.say(turn.texts("queue.not_yours"))
        return
    requests = turn.find(QueueNeed(post.region.id))
    assert isinstance(requests, tuple)
    if not requests:
        turn.say(turn.texts("queue.empty"), column(menu_button(turn)))
        return
    shown = requests[:MOST_SHOWN]
    listed = [
        turn.texts("queue.item", number=number, name=each.name, post=post_name(turn.brief.library, each, turn.texts))
        for number, each in enumerate(shown, 1)
    ]
    buttons = tuple(
        (
            Button(turn.texts.plain("button.grant", number=number), tap(Verb.DECIDE, each.id, "yes")),
            Button(turn.texts.plain("button.refuse", number=number), tap(Verb.DECIDE, each.id, "no")),
        )
        for number, each in enumerate(shown, 1)
    )
    turn.say(joined(turn.texts("queue.title", count=len(requests)), *listed), buttons)


def decide(turn: Turn, tapped: Tap) -> None:
    """Grant a request with an invitation that goes straight to the person's chat, or turn it down."""
    post = turn.holds(Role.COORDINATOR)
    if post is None:
        turn.say(turn.texts("queue.not_yours"), column(menu_button(turn)))
        return
    request = turn.find(RequestNeed(tapped.number(0)))
    if not isinstance(request, AccessRequest) or request.region.district_id != post.region.id:
        turn.say(turn.texts("queue.gone"))
        return
    is_granted = tapped.text(1) == "yes"
    turn.do(DecideRequest(request.id, is_granted))
    _tell_decision(turn, request, is_granted=is_granted)
    key = "queue.granted" if is_granted else "queue.refused"
    turn.say(
        turn.texts(key, name=request.name, post=post_name(turn.brief.library, request, turn.texts)),
        column(Button(turn.texts.plain("button.queue"), tap(Verb.MENU, "queue"))),
    )


def _tell_decision(turn: Turn, request: AccessRequest, *, is_granted: bool) -> None:
    texts = turn.texts_of(request.person)
    once = f"decided:{request.id}"
    post = post_name(turn.brief.library, request, texts)
    if not is_granted:
        home = request_decided(texts, request.name, post, is_granted=False, payload=tap(Verb.MENU, "home"))
        turn.do(Tell(request.person, replace(bubble(texts("request.refused")), template=home), once))
        return
    code = turn.find(FreshCodeNeed(f"request:{request.id}"))
    assert isinstance(code, str)
    turn.do(IssueInvitation(code, request.role, request.standing, request.region.id, request.office, request.name))
    register = tap(Verb.REGISTER, code)
    granted = request_decided(texts, request.name, post, is_granted=True, payload=register)
    button = Button(texts.plain("button.register"), register)
    message = replace(bubble(texts("request.granted", post=post), ((button,),)), template=granted)
    turn.do(Tell(request.person, message, once))
