"""How a broadcast looks to whoever sends it, from its confirmation to its end."""

from __future__ import annotations

from datetime import datetime

from conversations.broadcasts import Broadcast, BroadcastChange, BroadcastState
from conversations.hours import day_there, zone_of
from conversations.messages import Button, Message, bubble
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts
from conversations.turn import Buttons, column, joined, lines
from conversations.views.bars import bar, clock_time, long_date
from conversations.views.naming import shortened

MOST_SHOWN_CHARACTERS = 80
RECORD, SHOW = "record", "show"


def progress_message(texts: Texts, broadcast: Broadcast, region_code: str, *, at: datetime) -> Message:
    """Say how far a broadcast is, with what can be done about it; ``region_code``: for what time it is there."""
    head = texts("broadcast.head", text=shortened(" ".join(broadcast.text.split()), MOST_SHOWN_CHARACTERS))
    told = _told(texts, broadcast, region_code, at)
    return bubble(joined(head, told), progress_buttons(texts, broadcast))


def progress_buttons(texts: Texts, broadcast: Broadcast) -> Buttons:
    """Give what can be done about a broadcast now."""
    match broadcast.state:
        case BroadcastState.SCHEDULED:
            return column(_change(texts, broadcast, BroadcastChange.UNDO))
        case BroadcastState.SENDING:
            return column(
                *(_change(texts, broadcast, each) for each in (BroadcastChange.PAUSE, BroadcastChange.CANCEL))
            )
        case BroadcastState.PAUSED:
            return column(
                *(_change(texts, broadcast, each) for each in (BroadcastChange.RESUME, BroadcastChange.CANCEL))
            )
        case _:
            return _afterwards(texts, broadcast)


def _change(texts: Texts, broadcast: Broadcast, change: BroadcastChange) -> Button:
    return Button(texts.plain(f"broadcast.button.{change.value}"), tap(Verb.BROADCAST, change.value, broadcast.id))


def _afterwards(texts: Texts, broadcast: Broadcast) -> Buttons:
    if not broadcast.people or broadcast.ended_at is None:
        return ()
    record = Button(texts.plain("broadcast.button.record"), tap(Verb.BROADCAST, RECORD, broadcast.id))
    if not broadcast.unreached:
        return column(record)
    again = texts.plain("broadcast.button.retry", amount=broadcast.unreached)
    return column(Button(again, tap(Verb.BROADCAST, BroadcastChange.RETRY_FAILED.value, broadcast.id)), record)


def _told(texts: Texts, broadcast: Broadcast, region_code: str, at: datetime) -> Markup:
    match broadcast.state:
        case BroadcastState.SCHEDULED:
            return texts("broadcast.scheduled", moment=moment_said(broadcast.starts_at, region_code, texts, today=at))
        case BroadcastState.SENDING | BroadcastState.PAUSED:
            key = "broadcast.sending" if broadcast.state is BroadcastState.SENDING else "broadcast.paused"
            later = _later(texts, broadcast, region_code, at)
            return lines(texts(key), _bar(texts, broadcast), counts_said(texts, broadcast), later)
        case BroadcastState.CANCELLED if not broadcast.people:
            return texts("broadcast.undone")
        case _:
            is_over = broadcast.state is BroadcastState.FINISHED
            key = "broadcast.finished" if is_over else "broadcast.cancelled"
            told = texts(key, sent=broadcast.sent, people=broadcast.people)
            return lines(told, counts_said(texts, broadcast))


def _bar(texts: Texts, broadcast: Broadcast) -> Markup | None:
    if not broadcast.people:
        return None
    done = broadcast.people - broadcast.waiting
    return texts("broadcast.bar", bar=bar(done, broadcast.people), done=done, people=broadcast.people)


def _later(texts: Texts, broadcast: Broadcast, region_code: str, at: datetime) -> Markup | None:
    """Say when it goes on, where that is not now."""
    if broadcast.state is BroadcastState.PAUSED or broadcast.next_at is None or broadcast.next_at <= at:
        return None
    return texts("broadcast.later", moment=moment_said(broadcast.next_at, region_code, texts, today=at))


def counts_said(texts: Texts, broadcast: Broadcast) -> Markup:
    """Say what became of the copies, a line for each thing that has happened."""
    figures = {
        "delivered": broadcast.delivered,
        "read": broadcast.read,
        "held": broadcast.held,
        "uncertain": broadcast.uncertain,
        "dropped": broadcast.dropped,
        **{f"failed.{why.value}": amount for why, amount in broadcast.failed.items()},
        **{f"left_out.{why.value}": amount for why, amount in broadcast.left_out.items()},
    }
    return lines(*(texts(f"broadcast.count.{key}", amount=amount) for key, amount in figures.items() if amount))


def moment_said(moment: datetime, region_code: str, texts: Texts, *, today: datetime) -> str:
    """Say when something is, as people there read it; without the day where it is today's."""
    clock = clock_time(moment, zone_of(region_code))
    day = day_there(moment, region_code)
    if day == day_there(today, region_code):
        return texts.plain("broadcast.today_at", time=clock)
    return texts.plain("broadcast.day_at", day=long_date(day, texts.language), time=clock)
