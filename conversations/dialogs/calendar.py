"""When the stages of the cycle are: shown to everybody, changed by the coordinator (``scheduling``)."""

from __future__ import annotations

from collections.abc import Collection

from conversations.dialogs.asking import pause
from conversations.dialogs.offers import continue_button, menu_button
from conversations.dialogs.status import deadline_line
from conversations.messages import Button
from conversations.needs import CalendarNeed, RegionNeed, ShownCalendar
from conversations.people import Region, Role
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.schedules import calendar_text, extensions_text


def show(turn: Turn, *, before: Markup | str = "") -> None:
    """Show the calendar of the person's district, and how much time they have themselves."""
    pause(turn)
    found = known(turn)
    if found is None:
        turn.say(joined(before, turn.texts("calendar.nowhere")), column(menu_button(turn)))
        return
    shown, district = found
    texts, library, at = turn.texts, turn.brief.library, turn.event.at
    is_coordinator = turn.holds(Role.COORDINATOR) is not None
    own = turn.current_assignment
    text = joined(
        before,
        calendar_text(shown, district, library, texts, at=at, forms=_forms(turn)),
        extensions_text(shown, library, texts, at) if is_coordinator else None,
        deadline_line(turn, own) if own else None,
    )
    turn.say(text, _buttons(turn, is_coordinator=is_coordinator))


def known(turn: Turn) -> tuple[ShownCalendar, Region] | None:
    """Give the calendar of the district of the coordinator's post, or of the person's first post."""
    post = turn.holds(Role.COORDINATOR) or next(iter(turn.brief.posts), None)
    if post is None or not post.region.district_id:
        return None
    shown = turn.find(CalendarNeed(post.region.district_id))
    district = turn.find(RegionNeed(post.region.district_id))
    return (shown, district) if isinstance(shown, ShownCalendar) and isinstance(district, Region) else None


def _forms(turn: Turn) -> Collection[str]:
    """Whoever looks after others sees all forms, everybody else their own."""
    if turn.holds(Role.COORDINATOR, Role.OFFICIAL):
        return turn.brief.library.forms.keys()
    return {each.form for each in turn.brief.assignments}


def _buttons(turn: Turn, *, is_coordinator: bool) -> Buttons:
    texts = turn.texts
    if is_coordinator:
        return column(
            Button(texts.plain("button.calendar_change"), tap(Verb.CALENDAR, "change")),
            Button(texts.plain("button.calendar_extend"), tap(Verb.CALENDAR, "extend")),
            menu_button(turn),
        )
    own = turn.current_assignment
    if own and own.is_open(turn.event.at):
        return column(continue_button(turn, turn.filling(own)), menu_button(turn))
    return column(menu_button(turn))
