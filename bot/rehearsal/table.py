"""A rehearsal day by day: who wrote, and what would go out to whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from bot.rehearsal.play import Played, Sent
from conversations.hours import day_there, zone_of
from conversations.people import Role
from conversations.purposes import Reminder, Unfinished
from storage.outbox_states import Priority

TITLES = {
    Role.VILLAGE_HEAD: "village heads",
    Role.SUBDISTRICT_HEAD: "camats",
    Role.COORDINATOR: "coordinator",
    Role.OFFICIAL: "official",
}
SHOWN = 60
"""Characters of a message that a line shows."""


def day_by_day(played: Played) -> Iterator[str]:
    """Give the lines of the table: what people did on each day, and below it what went out unasked."""
    wrote, sent = _by_day(played)
    for number in range(played.script.days):
        day = played.script.first_day + timedelta(days=number)
        yield _day(played, day, wrote[day])
        yield from _unasked(played, sent[day])


def totals(played: Played) -> Iterator[str]:
    """Give what was done and sent in all, and what went wrong on purpose."""
    heads = [each for each in played.players.values() if each.part.role in (Role.VILLAGE_HEAD, Role.SUBDISTRICT_HEAD)]
    done = sum(each.sent_at is not None for each in heads if not each.part.is_operator)
    replies = sum(each.arrival.row.priority is Priority.REPLY for each in played.sent)
    unasked = Counter(what(each) for each in played.sent if each.arrival.row.priority is not Priority.REPLY)
    yield f"{len(played.players)} people did {len(played.done):,} things; {replies:,} replies; {done} forms handed over"
    yield f"unasked: {_counted(unasked) or 'nothing'}"
    if played.mishaps.are_on:
        yield f"went wrong on purpose: {_counted(played.mishaps.happened)}"


def what(sent: Sent) -> str:
    """Name the kind of a message."""
    row = sent.arrival.row
    match row.purpose:
        case None:
            return row.priority.name.lower()
        case Reminder(rung=rung):
            return f"reminder {rung}"
        case Unfinished():
            return "unfinished registration"
        case other:
            return type(other).__name__.lower()


def _by_day(played: Played) -> tuple[dict[date, Counter[int]], dict[date, list[Sent]]]:
    district = played.script.district
    wrote: defaultdict[date, Counter[int]] = defaultdict(Counter)
    sent: defaultdict[date, list[Sent]] = defaultdict(list)
    for done in played.done:
        wrote[day_there(done.at, district)][done.player] += 1
    for each in played.sent:
        if each.arrival.row.priority is not Priority.REPLY:
            sent[day_there(each.arrival.at, district)].append(each)
    return wrote, sent


def _day(played: Played, day: date, wrote: Counter[int]) -> str:
    district = played.script.district
    over = sum(
        each.sent_at is not None and day_there(each.sent_at, district) == day for each in played.players.values()
    )
    notes = [
        f"{len(wrote)} people did {wrote.total():,} things" if wrote else "nobody wrote",
        *([f"{over} handed over"] if over else ()),
        *(["day off"] if not played.rules.spans(day) else ()),
        *(["last day"] if day == day_there(played.script.due_at - timedelta.resolution, district) else ()),
    ]
    return f"{day:%a %d %b %Y}  {', '.join(notes)}"


def _unasked(played: Played, sent: Sequence[Sent]) -> Iterator[str]:
    kinds: defaultdict[str, list[Sent]] = defaultdict(list)
    for each in sent:
        kinds[what(each)].append(each)
    for kind, some in sorted(kinds.items(), key=lambda one: one[1][0].arrival.at):
        first, last = (_clock(played, each.arrival.at) for each in (some[0], some[-1]))
        readers = Counter(TITLES.get(played.players[each.player].part.role, "offices") for each in some)
        says = " ".join(some[0].arrival.row.message.text.split())[:SHOWN]
        when = first if first == last else f"{first}-{last}"
        yield f"    {when:<12} {kind}: {_counted(readers)}: {says}"


def _clock(played: Played, at: datetime) -> str:
    return f"{at.astimezone(zone_of(played.script.district)):%H:%M}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{many:,} {name}" for name, many in counts.most_common() if many)
