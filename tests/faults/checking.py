"""Looks whether anything that was said or decided has been lost or doubled; counts, and says what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from storage.kept import Kept, KeptMessage
from storage.outbox_states import OutboxState, Priority
from storage.store import Store
from tests.faults.platforms import Heard, Look, Platform
from tests.faults.respondents import Respondent

BULK_MARK = "Siaran"
"""How the text of every broadcast begins."""


@dataclass
class Findings:
    """What was counted, and what is wrong; findings of several installations can be added up."""

    people: int = 0
    events: int = 0
    """Things that people did, every one of which has to take effect once."""
    answers: int = 0
    photos: int = 0
    replies: int = 0
    sent_again: int = 0
    """Replies that came twice, because nobody could know whether they had arrived."""
    broadcast: int = 0
    """Messages of broadcasts."""
    uncertain: int = 0
    """Of these, perhaps sent: not repeated."""
    problems: list[str] = field(default_factory=list)

    def __iadd__(self, other: Findings) -> Findings:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


async def examine(store: Store, people: Sequence[Respondent], platform: Platform) -> Findings:
    """Compare what people have said and heard with what is kept, and with what the platform announced."""
    kept = await store.kept.read()
    taken = [key for key in kept.events if key.startswith(platform.via)]
    found = Findings(people=len(people), events=len(taken))
    _look_at_events(found, kept, platform.announced())
    _look_at_answers(found, kept, people)
    for each in people:
        mine = [row for row in kept.messages if row.user == str(each.person.chat.id)]
        _look_at_messages(found, mine, each.person.heard, platform)
        decided = sum(row.priority == Priority.REPLY for row in mine)
        if decided != each.events:
            found.problems.append(f"{each.person.chat.name} did {each.events} things and was answered {decided} times")
    _look_at_rest(found, kept)
    return found


def _look_at_events(found: Findings, kept: Kept, announced: Iterable[str]) -> None:
    lost = [key for key in announced if key not in kept.events]
    if lost:
        found.problems.append(f"events that never took effect: {lost}")


def _look_at_answers(found: Findings, kept: Kept, people: Sequence[Respondent]) -> None:
    said = {asked: values for each in people for asked, values in each.said.items()}
    found.answers = sum(len(values) for values in said.values())
    for asked, values in said.items():
        if kept.answers.get(asked) != values[-1]:
            found.problems.append(f"{asked}: said {values[-1]!r}, kept {kept.answers.get(asked)!r}")
        changes = [change.new for change in kept.changes.get(asked, ())]
        if changes != values:
            found.problems.append(f"{asked}: said {values}, the history has {changes}")
    unsaid = kept.answers.keys() - said.keys()
    if unsaid:
        found.problems.append(f"answers that nobody gave: {sorted(unsaid)}")
    photos = sorted(photo for each in people for photo in each.photos)
    found.photos = len(photos)
    if sorted(kept.photos) != photos:
        found.problems.append(f"{len(photos)} photos were sent, {len(kept.photos)} are kept, of them others or twice")


def _look_at_messages(found: Findings, rows: Sequence[KeptMessage], heard: Sequence[Heard], platform: Platform) -> None:
    """Compare the outbox of one chat with what arrived there; of a message in several parts the last one counts."""
    rows_by_look: defaultdict[Look, list[KeptMessage]] = defaultdict(list)
    earlier: set[Look] = set()
    for row in rows:
        *before, last = platform.looks(row.body)
        rows_by_look[last].append(row)
        earlier.update(before)
    copies = Counter((bubble.text, bubble.buttons) for bubble in heard)
    for look, same in rows_by_look.items():
        if same[0].priority == Priority.BULK:
            _look_at_broadcast(found, same, copies[look])
        else:
            _look_at_reply(found, same, copies[look], look[0][:60])
    for look in copies.keys() - rows_by_look.keys() - earlier:
        found.problems.append(f"a message that nobody decided to send: {look[0][:60]!r}")


def _look_at_reply(found: Findings, same: Sequence[KeptMessage], copies: int, text: str) -> None:
    """Every reply has arrived; twice only when one attempt at least ended without anybody knowing how."""
    found.replies += len(same)
    states = {row.state.name for row in same}
    if states != {"SENT"} or copies < len(same):
        found.problems.append(f"{len(same)} replies, {copies} arrived, {states}: {text!r}")
    if copies <= len(same):
        return
    found.sent_again += copies - len(same)
    if not any(row.is_uncertain or row.attempts > 1 for row in same):
        found.problems.append(f"a reply came {copies} times for no reason: {text!r}")


def _look_at_broadcast(found: Findings, same: Sequence[KeptMessage], copies: int) -> None:
    """A broadcast arrives once, or not at all, or nobody knows and it says so."""
    found.broadcast += len(same)
    for row in same:
        state = row.state
        found.uncertain += state is OutboxState.UNCERTAIN
        expected = {OutboxState.SENT: {1}, OutboxState.UNCERTAIN: {0, 1}}.get(state, set())
        if copies not in expected:
            found.problems.append(f"a broadcast is {state.name} and came {copies} times")


def _look_at_rest(found: Findings, kept: Kept) -> None:
    found.problems += [f"{many} rows of {table} are left" for table, many in kept.left.items() if many]
    if kept.miscounted:
        found.problems.append(f"{kept.miscounted} totals differ from a recount")
