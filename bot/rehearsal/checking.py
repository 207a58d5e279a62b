"""What has to hold after a rehearsal, whatever went wrong in it; each finding says what, to whom and when."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.rehearsal.channel import picture
from bot.rehearsal.people import Player
from bot.rehearsal.play import Played, Sent
from conversations.hours import day_there, next_allowed, zone_of
from conversations.purposes import Reminder, is_awaited
from storage.kept import Answer, Kept
from storage.moments import as_ms
from storage.outbox_states import OutboxState, Priority

LONGEST_WAIT = timedelta(hours=2)
"""So long before the end what is due should have gone."""

IS_REMINDER = '"type":"reminder"'
"""What the purpose of a reminder says, as it is kept."""
LEAST_NOTICE = timedelta(days=4)
"""Whoever registers later may miss every rung of the ladder."""


def check(played: Played) -> list[str]:
    """Give everything that is wrong; nothing: all is well."""
    kept = played.kept
    return [
        *_events(played.players.values(), kept),
        *_answers(played.players.values(), kept),
        *_photos(played.players.values(), kept),
        *_changes(kept),
        *_errors(played),
        *_rest(kept),
        *_waiting(played),
        *_messages(played, kept),
        *_hours(played),
        *_days(played),
        *_needless(played),
        *_unreminded(played),
    ]


def _events(players: Iterable[Player], kept: Kept) -> Iterator[str]:
    for player in players:
        lost = [key for key in player.memory.events if key not in kept.events]
        if lost:
            yield f"{player.part.name} did {len(lost)} things that never took effect, {lost[0]} first"


def _answers(players: Iterable[Player], kept: Kept) -> Iterator[str]:
    """An answer that was acknowledged is in the history; what stands there now is the last one that somebody gave."""
    last: defaultdict[Answer, set[str]] = defaultdict(set)
    unsure = {key for player in players for key in player.memory.unsure}
    for player in players:
        for key, values in player.memory.acknowledged.items():
            last[key].add(values[-1])
            changes = {change.new for change in kept.changes.get(key, ())}
            for lost in [each for each in values if each not in changes]:
                yield f"{player.part.name} was told that {lost!r} was understood as {key}; it was never kept"
    for key, given in last.items():
        if key not in unsure and kept.answers.get(key) not in given:
            yield f"{key}: {' or '.join(sorted(given))} was acknowledged last; {kept.answers.get(key)!r} is kept"


def _photos(players: Iterable[Player], kept: Kept) -> Iterator[str]:
    sent = {hashlib.sha256(picture(each)).hexdigest(): each for player in players for each in player.memory.photos}
    for lost in sent.keys() - set(kept.photos):
        yield f"the photo {sent[lost]} was sent; it is not kept"
    if len(kept.photos) != len(set(kept.photos)):
        yield f"{len(kept.photos)} photos are kept, of them some twice"


def _changes(kept: Kept) -> Iterator[str]:
    """Every change follows from the one before it: none is lost, none counted twice."""
    for key, changes in kept.changes.items():
        if any(change.old == change.new for change in changes):
            yield f"{key}: a change is kept that changed nothing"
        if changes[0].old is not None or any(first.new != second.old for first, second in pairwise(changes)):
            yield f"{key}: the history does not follow: {[tuple(each) for each in changes]}"
        if changes[-1].new != kept.answers.get(key):
            yield f"{key}: the history ends with {changes[-1].new!r}; {kept.answers.get(key)!r} is kept"


def _errors(played: Played) -> Iterator[str]:
    for event, many in played.errors.items():
        yield f"{event} was logged as an error {many} times: docs/operations.md says what that means"


def _waiting(played: Played) -> Iterator[str]:
    """Nothing that is due lies there for long, nor is anything under way for ever."""
    end, late = as_ms(played.script.ends_at), as_ms(played.script.ends_at - LONGEST_WAIT)
    for row in played.kept.messages:
        is_due = row.state is OutboxState.WAITING and 0 < row.not_before < late and row.not_after > end
        if is_due or row.state is OutboxState.LEASED:
            what = row.purpose or row.reason
            yield f"message {row.id} to {row.user} is still {row.state.name.lower()} at the end: {what}"


def _rest(kept: Kept) -> Iterator[str]:
    for table, many in kept.left.items():
        if many:
            yield f"{many} rows of {table} are left that should have been worked off"
    if kept.miscounted:
        yield f"{kept.miscounted} totals differ from a recount"


def _messages(played: Played, kept: Kept) -> Iterator[str]:
    """What nobody asked for comes once at most, a reply at least once, and twice only when nobody knew better."""
    came: defaultdict[int, list[Sent]] = defaultdict(list)
    for sent in played.sent:
        came[sent.arrival.row.id].append(sent)
    by_number = {each.id: each for each in kept.messages}
    for number, copies in came.items():
        row, first = by_number.get(number), copies[0]
        if row is None:
            yield f"{_about(played, first)} came, and nothing is kept of it"
            continue
        is_again = len(copies) > 1
        if is_again and row.purpose and not first.arrival.row.is_uncertain:
            yield f"{_about(played, copies[1])} came {len(copies)} times"
        if is_again and not (row.is_uncertain or row.attempts > 1):
            yield f"{_about(played, copies[1])} came {len(copies)} times for no reason"
    for row in kept.messages:
        is_lost = row.state is OutboxState.SENT and row.id not in came
        if is_lost:
            yield f"message {row.id} is marked as sent and never came"
        if row.priority is Priority.REPLY and row.state is not OutboxState.SENT and not row.purpose:
            yield f"the reply {row.id} to {row.user} is {row.state.name.lower()}: {row.reason}"


def _hours(played: Played) -> Iterator[str]:
    """Nothing that nobody asked for comes outside of hours, on a holiday, or while people pray on a Friday."""
    for sent in _unasked(played):
        code = played.players[sent.player].part.region_code
        if next_allowed(sent.arrival.at, code, played.rules) != sent.arrival.at:
            yield f"{_about(played, sent)} came outside of hours"


def _days(played: Played) -> Iterator[str]:
    """A day brings one such message at most, but for what somebody wanted at that time."""
    told: defaultdict[tuple[int, object], list[Sent]] = defaultdict(list)
    for sent in _unasked(played):
        row = sent.arrival.row
        if row.purpose and not is_awaited(row.purpose):
            code = played.players[sent.player].part.region_code
            told[sent.player, day_there(sent.arrival.at, code)].append(sent)
    for several in told.values():
        if len({each.arrival.row.id for each in several}) > 1:
            yield f"{_about(played, several[-1])} was the {len(several)}. unasked message of the day"


def _needless(played: Played) -> Iterator[str]:
    """Nobody is reminded of what they have handed over, nor after their time for answers."""
    for sent in _reminders(played):
        player = played.players[sent.player]
        if player.sent_at and player.sent_at < sent.arrival.at and not player.has_row_back:
            yield f"{_about(played, sent)} came although everything had been sent at {player.sent_at:%d %b %H:%M}"


def _unreminded(played: Played) -> Iterator[str]:
    """Whoever had not handed over when the time ended has been reminded before, unless nobody knows whether."""
    due_at = played.script.due_at
    told = {each.player for each in _reminders(played) if each.arrival.at < due_at}
    perhaps = {row.user for row in played.kept.messages if IS_REMINDER in row.purpose and row.state != OutboxState.SENT}
    early = (each for each in played.players.values() if each.has_row_back or (each.sent_at and each.sent_at < due_at))
    over = {each.part.region_code for each in early}
    for number, player in played.players.items():
        is_early = player.registered_at and player.registered_at < due_at - LEAST_NOTICE
        is_open = player.answers_a_form and player.part.region_code not in over
        if is_early and is_open and number not in told and player.part.address.user not in perhaps:
            yield f"{player.part.name} had not handed over by {due_at:%d %b} and was never reminded"


def _unasked(played: Played) -> Sequence[Sent]:
    return [each for each in played.sent if each.arrival.row.purpose]


def _reminders(played: Played) -> Sequence[Sent]:
    return [each for each in played.sent if isinstance(each.arrival.row.purpose, Reminder)]


def _about(played: Played, sent: Sent) -> str:
    """Name a message by what it is, for whom, and when it came."""
    part = played.players[sent.player].part
    row = sent.arrival.row
    what = type(row.purpose).__name__ if row.purpose else row.priority.name.lower()
    return f"{_there(sent.arrival.at, part.region_code)} {part.name} ({part.address.channel}): {what} {row.id}"


def _there(at: datetime, region_code: str) -> str:
    return f"{at.astimezone(zone_of(region_code)):%a %d %b %H:%M:%S}"
