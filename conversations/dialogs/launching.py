"""The last steps before a broadcast goes: as people will see it, when it goes, and a yes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from conversations.actions import LaunchBroadcast, Say
from conversations.audiences import BroadcastDraft
from conversations.dialogs import audiences
from conversations.dialogs.audiences import preview_of
from conversations.dialogs.drafts import ask_words, drop_button, move
from conversations.hours import day_there, zone_of
from conversations.messages import Button
from conversations.moments import read_moment
from conversations.session import Home
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column
from conversations.views.broadcast_progress import moment_said
from conversations.views.drafts import number, preview_said

FARTHEST = timedelta(days=366)
MONDAY = 0
AFTERNOON, MORNING = time(16), time(8)


def preview(turn: Turn, draft: BroadcastDraft, *, before: Markup | str = "") -> None:
    """Show some copies exactly as their readers will see them, and what is known about all of them."""
    if not draft.text:
        ask_words(turn, before=turn.texts("draft.no_words"))
        return
    known = preview_of(turn, draft)
    if not known.people:
        audiences.show(turn, draft, before=turn.texts("draft.nobody"))
        return
    for sample in known.samples:
        turn.do(Say(sample.message))
    move(turn, "preview")
    turn.opening = before
    turn.say(
        preview_said(turn.texts, known, finishes=_said(turn, known.finishes_at)),
        (
            *column(_button(turn, "now"), _button(turn, "time")),
            (_button(turn, "text"), _button(turn, "to")),
            *column(drop_button(turn)),
        ),
    )


def _button(turn: Turn, what: str) -> Button:
    return Button(turn.texts.plain(f"button.draft_do.{what}"), tap(Verb.BROADCAST, what))


def _here(turn: Turn) -> str:
    return turn.brief.posts[0].region.code


def _said(turn: Turn, moment: datetime) -> str:
    return moment_said(moment, _here(turn), turn.texts, today=turn.event.at)


def ask_time(turn: Turn, *, before: Markup | str = "") -> None:
    """Ask when it goes."""
    move(turn, "time")
    turn.opening = before
    buttons = [
        Button(_said(turn, moment), tap(Verb.BROADCAST, "at", int(moment.timestamp()))) for moment in _usual(turn)
    ]
    turn.say(turn.texts("draft.when"), column(*buttons, _button(turn, "now"), drop_button(turn)))


def _usual(turn: Turn) -> list[datetime]:
    """Offer this afternoon while that is still to come, tomorrow and next Monday in the morning."""
    zone, today = zone_of(_here(turn)), day_there(turn.event.at, _here(turn))
    tomorrow = today + timedelta(days=1)
    monday = tomorrow + timedelta(days=(MONDAY - tomorrow.weekday()) % 7)
    days = [(today, AFTERNOON), *((day, MORNING) for day in dict.fromkeys((tomorrow, monday)))]
    moments = [datetime.combine(day, clock, tzinfo=zone) for day, clock in days]
    return [moment for moment in moments if moment > turn.event.at]


def take_time(turn: Turn, draft: BroadcastDraft, written: str) -> None:
    """Take a time that was typed."""
    moment = read_moment(written, turn.event.at, _here(turn))
    set_time(turn, draft, int(moment.timestamp()) if moment else 0)


def set_time(turn: Turn, draft: BroadcastDraft, starts_at: int) -> None:
    """Send it at this moment, in Unix seconds, if that is still to come and not too far ahead."""
    if not 0 < starts_at - turn.event.at.timestamp() <= FARTHEST.total_seconds():
        ask_time(turn, before=turn.texts("draft.no_such_time"))
        return
    draft = replace(draft, starts_at=starts_at)
    turn.note(draft=draft)
    ask_sure(turn, draft)


def send_now(turn: Turn, draft: BroadcastDraft) -> None:
    """Send it as soon as it can."""
    draft = replace(draft, starts_at=0)
    turn.note(draft=draft)
    ask_sure(turn, draft)


def ask_sure(turn: Turn, draft: BroadcastDraft) -> None:
    """Ask once more: how many, and when."""
    people = preview_of(turn, draft).people if draft.text else 0
    if not people:
        preview(turn, draft)
        return
    move(turn, "sure")
    amount = number(people, turn.texts)
    if draft.starts_at:
        moment = _said(turn, datetime.fromtimestamp(draft.starts_at, UTC))
        text = turn.texts("draft.sure_at", people=amount, moment=moment)
    else:
        text = turn.texts("draft.sure", people=amount)
    yes = Button(turn.texts.plain("button.draft_send"), tap(Verb.BROADCAST, "send"))
    back = Button(turn.texts.plain("button.draft_back"), tap(Verb.BROADCAST, "preview"))
    turn.say(text, column(yes, back, drop_button(turn)))


def launch(turn: Turn, draft: BroadcastDraft) -> None:
    """Send it. What has been said before and is not so any more is asked again."""
    if not draft.text or not preview_of(turn, draft).people:
        preview(turn, draft)
    elif 0 < draft.starts_at <= turn.event.at.timestamp():
        ask_time(turn, before=turn.texts("draft.no_such_time"))
    else:
        turn.note(draft=None, place=Home())
        turn.do(LaunchBroadcast(draft))
