"""What holds for every step and every message, whatever people do."""

from __future__ import annotations

import re
from html import unescape
from typing import cast

import msgspec

from conversations.actions import (
    Action,
    ChangeBroadcast,
    FetchFile,
    LaunchBroadcast,
    NudgeUnits,
    SaveSheet,
    Say,
    SendAnswers,
    SendRecord,
)
from conversations.brief import Brief
from conversations.broadcasts import BroadcastChange
from conversations.engine import Step
from conversations.events import Event
from conversations.messages import MOST_TEXT_UNITS, Message
from conversations.needs import (
    AllSheetsNeed,
    AudienceNeed,
    BroadcastNeed,
    BroadcastsNeed,
    HoldersNeed,
    InvitedToNeed,
    LetterNeed,
    Need,
    QueueNeed,
    ReceivedBroadcastNeed,
    RequestNeed,
    RowAnswersNeed,
    ScoreNeed,
    SheetNeed,
    UnitsNeed,
)
from conversations.people import Assignment, Role
from conversations.session import Drafting, Session, Writing
from conversations.taps import MOST_BYTES, read_tap
from tests.conversations.places import REGIONS

MOST_SESSION_BYTES = 4096
MOST_LONG_SESSION_BYTES = 32_768
"""While somebody's own words are kept in it that wait to be sent: any 4,096 characters, escaped."""
SPOKEN = (Say, FetchFile, SendRecord, LaunchBroadcast)
"""What brings the person one bubble, now or soon."""
MOST_SAMPLES = 3
"""Copies of a broadcast that are shown before it goes."""
MOST_LABEL_CHARACTERS = 120
TAG = re.compile(r"<(/?)([^<>]*)>")
ALLOWED = frozenset({"b", "i", "code", "pre"})
ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|#\d+);)")


def check_message(message: Message) -> None:
    """Hold a message against the limits of the channels."""
    assert message.text.strip(), "a bubble says something"
    assert len(unescape(message.text).encode("utf-16-le")) // 2 <= MOST_TEXT_UNITS, message.text
    assert not ENTITY.search(message.text), message.text
    check_markup(message.text)
    for button in (button for line in message.buttons for button in line):
        assert button.label.strip(), "a button says what happens"
        assert len(button.label) <= MOST_LABEL_CHARACTERS, button
        assert len(button.data.encode()) <= MOST_BYTES, button
        assert read_tap(button.data), button


def check_markup(text: str) -> None:
    """Find tags that are not allowed, not closed, or crossed."""
    waiting: list[str] = []
    for closing, name in TAG.findall(text):
        assert name in ALLOWED, text
        if not closing:
            waiting.append(name)
            continue
        assert waiting, text
        assert waiting.pop() == name, text
    assert not waiting, text
    assert "<" not in TAG.sub("", text), text


def is_repeated(action: Action) -> bool:
    """Tell whether it sends a broadcast once more, which shows how far it is by itself."""
    return isinstance(action, ChangeBroadcast) and action.change is BroadcastChange.RETRY_FAILED


def check_step(brief: Brief, event: Event, step: Step) -> None:
    """Hold a step against what every step promises."""
    spoken = [action for action in step.actions if isinstance(action, SPOKEN) or is_repeated(action)]
    is_answered_already = bool(getattr(event, "album", "")) and not spoken
    most = 1 + MOST_SAMPLES if step.session.place == Drafting("preview") else 1
    assert 1 <= len(spoken) <= most or is_answered_already, f"one bubble (or file) for {event}: {step.actions}"
    for need in brief.known:
        check_need(need)
    written = msgspec.json.encode(step.session)
    assert msgspec.json.decode(written, type=Session) == step.session
    has_words = isinstance(step.session.place, Writing) or step.session.draft is not None
    assert len(written) < (MOST_LONG_SESSION_BYTES if has_words else MOST_SESSION_BYTES), written
    assert "\n" not in written.decode()
    own = own_assignments(brief)
    for action in step.actions:
        if isinstance(action, SaveSheet | SendAnswers):
            assert action.assignment in own, "nobody changes what is not theirs"
        if isinstance(action, NudgeUnits):
            assert all(_lies_within(brief, region) for region in action.regions), "nobody reminds others' people"
        if isinstance(action, SaveSheet):
            check_save(brief, action)


def check_need(need: Need) -> None:
    """Find what not every database could be asked for."""
    for asked in msgspec.structs.astuple(need):
        assert not isinstance(asked, int) or 0 <= asked < 2**63, need
        assert not isinstance(asked, str) or "\0" not in asked, need


def own_assignments(brief: Brief) -> set[int]:
    """Give the ids of what somebody may answer, with what an invitation of theirs brings."""
    invited = [found for need, found in brief.known.items() if isinstance(need, InvitedToNeed)]
    return {each.id for found in (brief.assignments, *invited) for each in cast("tuple[Assignment, ...]", found)}


def check_save(brief: Brief, action: SaveSheet) -> None:
    """Find a change that the sheet does not hold, or one that was told wrong."""
    before = brief.sheet(action.assignment, action.row).answers
    after = {key: answer.value for key, answer in action.sheet.answers.items()}
    expected = {key: answer.value for key, answer in before.items()}
    for change in action.changes:
        assert expected.get(change.key) == change.old
        assert change.old != change.new
        expected |= {change.key: change.new} if change.new is not None else {}
        if change.new is None:
            del expected[change.key]
    assert after == expected, "answers change by what is told only; none is lost"


def check_needs(brief: Brief) -> None:
    """Find what somebody was told about regions and assignments that are not theirs."""
    own = own_assignments(brief)
    is_coordinator = any(post.role is Role.COORDINATOR for post in brief.posts)
    for need in brief.known:
        match need:
            case SheetNeed(assignment=assignment) | AllSheetsNeed(assignment=assignment):
                assert assignment in own, need
            case ScoreNeed(region=region) | RowAnswersNeed(region=region) | UnitsNeed(region=region):
                assert _lies_within(brief, region), need
            case LetterNeed(reader=reader):
                assert reader == brief.person.id, need
            case ReceivedBroadcastNeed(person=person):
                assert person == brief.person.id, need
            case AudienceNeed(draft=draft):
                assert is_coordinator, need
                assert _lies_within(brief, draft.audience.region), need
            case BroadcastsNeed(district=region):
                assert is_coordinator, need
                assert _lies_within(brief, region), need
            case HoldersNeed(regions=regions):
                assert is_coordinator, need
                assert all(_lies_within(brief, region) for region in regions), need
            case BroadcastNeed() | QueueNeed() | RequestNeed():
                assert is_coordinator, need
            case _:
                pass


def _lies_within(brief: Brief, region: int) -> bool:
    code = next(each.code for each in REGIONS if each.id == region)
    return any(f"{code}.".startswith(f"{post.region.code}.") for post in brief.posts)
