"""Photos and documents: taking them in, finding the row they belong to, listing and removing them."""

from __future__ import annotations

import re

from conversations.actions import FetchFile
from conversations.dialogs import broadcasts, drafts, letters
from conversations.dialogs.asking import ask, ask_again, leave_to, open_spot
from conversations.dialogs.files import list_files
from conversations.dialogs.going import ask_next
from conversations.dialogs.offers import continue_button, say_closed
from conversations.dialogs.rows import row_numbered
from conversations.dialogs.unusual import lead_back, take_file_in_vain
from conversations.events import MOST_FILE_BYTES, FileReceived, FileRefused, FileStored, FileTarget, StoredFile
from conversations.forms import Filling, Spot, evidence_key
from conversations.messages import Button
from conversations.needs import Topic, TopicNeed
from conversations.saving import MOST_EVIDENCE, save, with_evidence
from conversations.session import Drafting, Home, Sorting
from conversations.sheets import Evidence, RowMark, Sheet
from conversations.taps import Verb, base36, tap
from conversations.turn import Turn, column
from conversations.views.naming import shortened
from conversations.views.questions import files_said
from indicators.form import Row

ELSEWHERE = {drafts.DRAFT_KEY: broadcasts.take_file, letters.LETTER_KEY: letters.pass_on}
"""What is no evidence, by what it was fetched for."""
MOST_ROWS_OFFERED = 8
MOST_UNSORTED = 10
MOST_LABEL = 50
WAITING_MOST = (
    RowMark.RETURNED,
    RowMark.LACKS_EVIDENCE,
    RowMark.STARTED,
    RowMark.UNTOUCHED,
    RowMark.PUT_OFF,
    RowMark.COMPLETE,
)
"""Rows that a file most likely belongs to, first."""
ROW_IN_CAPTION = re.compile(r"^(?:no\.?|nomor|ubah)?\s*(\d+[A-Z]?(?:\.\d+[a-z]*)?)\b", re.IGNORECASE)


def receive(turn: Turn, event: FileReceived) -> None:
    """Take a file in: decide where it belongs, and have it fetched."""
    if _belongs_elsewhere(turn, event):
        return
    target = _target(turn, event)
    if target is None:
        take_file_in_vain(turn, event, turn.texts("evidence.no_form"))
    elif event.file.size_bytes > MOST_FILE_BYTES:
        take_file_in_vain(turn, event, turn.texts("evidence.too_large"))
    else:
        turn.do(FetchFile(event.file, target))


def _belongs_elsewhere(turn: Turn, event: FileReceived) -> bool:
    """A file may belong to a broadcast that is being written, or answer what somebody wrote."""
    if isinstance(turn.place, Drafting):
        drafts.receive_file(turn, event)
        return True
    return letters.receive_file(turn, event)


def _target(turn: Turn, event: FileReceived) -> FileTarget | None:
    """Find the row: the question that was replied to, the number in the caption, the question that is open."""
    named = _by_reply(turn, event) or _by_caption(turn, event) or _by_place(turn)
    if named and evidence_key(named[1]):
        return FileTarget(named[0], named[1].number, evidence_key(named[1]), event.album)
    fallback = turn.current_assignment
    return FileTarget(fallback.id, "", "", event.album) if fallback else None


def _by_place(turn: Turn) -> tuple[int, Row] | None:
    spot = open_spot(turn)
    return (spot.assignment, spot.row) if spot else None


def _by_reply(turn: Turn, event: FileReceived) -> tuple[int, Row] | None:
    if not event.reply_to:
        return None
    topic = turn.find(TopicNeed(turn.brief.address, event.reply_to))
    assignment = turn.assignment(topic.assignment) if isinstance(topic, Topic) else None
    if assignment is None or not isinstance(topic, Topic):
        return None
    filling = turn.filling(assignment)
    row = filling.row_of(topic.key)
    return (assignment.id, row) if row else None


def _by_caption(turn: Turn, event: FileReceived) -> tuple[int, Row] | None:
    found = ROW_IN_CAPTION.match(event.caption.strip())
    assignment = turn.current_assignment
    if found is None or assignment is None:
        return None
    row = row_numbered(turn.filling(assignment), found.group(1))
    return (assignment.id, row) if row else None


def stored(turn: Turn, event: FileStored) -> None:
    """A file lies in the store now: attach it, or ask where it belongs."""
    if event.target.key in ELSEWHERE:
        ELSEWHERE[event.target.key](turn, event)
        return
    assignment = turn.assignment(event.target.assignment)
    if assignment is None:
        turn.say(turn.texts("evidence.no_form"))
        return
    filling = turn.filling(assignment)
    row = filling.row(event.target.row)
    if row is None:
        _ask_where(turn, filling, event)
        return
    attach(turn, filling, row, (event.file,), album=event.target.album)


def attach(turn: Turn, filling: Filling, row: Row, files: tuple[StoredFile, ...], *, album: str = "") -> None:
    """Add files to a row, and put the question that is open once more."""
    if not filling.assignment.is_open(turn.event.at):
        say_closed(turn, filling)
        return
    sheet = filling.sheet(row.number)
    fresh = _without_known(sheet, files)
    if len(sheet.evidence) + len(fresh) > MOST_EVIDENCE:
        list_files(turn, filling, row, before=turn.texts("evidence.too_many", most=MOST_EVIDENCE))
        return
    if fresh:
        save(turn, filling, with_evidence(sheet, sheet.evidence + _as_evidence(turn, row, sheet, fresh)), row=row)
    _confirm(turn, filling, row, is_known=not fresh, album=album)


def _without_known(sheet: Sheet, files: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
    known = {item.sha256 for item in sheet.evidence}
    return tuple({file.sha256: file for file in files if file.sha256 not in known}.values())


def _as_evidence(turn: Turn, row: Row, sheet: Sheet, files: tuple[StoredFile, ...]) -> tuple[Evidence, ...]:
    first = 1 + max((int(item.id, 36) for item in sheet.evidence), default=0)
    by, at, key = turn.brief.person.id, int(turn.event.at.timestamp()), evidence_key(row)
    return tuple(
        Evidence(base36(number), key, file.kind, file.name, file.sha256, file.size_bytes, by, at)
        for number, file in enumerate(files, first)
    )


def _confirm(turn: Turn, filling: Filling, row: Row, *, is_known: bool, album: str) -> None:
    title = row.title.said(turn.texts.language)
    files = files_said(filling.sheet(row.number), evidence_key(row), turn.texts)
    before = turn.texts("evidence.known" if is_known else "evidence.kept", title=title, files=files)
    turn.supersedes = f"album:{album}" if album else ""
    if not ask_again(turn, before=before):
        turn.say(before, column(continue_button(turn, filling)))


def _ask_where(turn: Turn, filling: Filling, event: FileStored) -> None:
    """Nobody has said where this file belongs: keep it aside and ask."""
    waiting = turn.place.files if isinstance(turn.place, Sorting) else ()
    files = (*waiting, event.file)[-MOST_UNSORTED:]
    leave_to(turn, Sorting(filling.assignment.id, files))
    rows = _rows_to_offer(filling)
    buttons = [
        Button(
            f"{row.ordinal}. {shortened(row.title.said(turn.texts.language), MOST_LABEL)}",
            tap(Verb.ATTACH, filling.assignment.id, row.number),
        )
        for row in rows
    ]
    turn.supersedes = f"album:{event.target.album}" if event.target.album else ""
    turn.say(turn.texts.count("evidence.where", len(files)), column(*buttons))


def _rows_to_offer(filling: Filling) -> list[Row]:
    with_evidence_question = [row for row in filling.form.rows if evidence_key(row)]
    ranked = sorted(with_evidence_question, key=lambda row: _rank(filling.mark(row), WAITING_MOST))
    return ranked[:MOST_ROWS_OFFERED]


def _rank(mark: RowMark, order: tuple[RowMark, ...]) -> int:
    return order.index(mark) if mark in order else len(order)


def sorted_into(turn: Turn, filling: Filling, row: Row, place: Sorting) -> None:
    """The person has said which row the waiting files belong to."""
    turn.move(Home())
    if not evidence_key(row):
        turn.move(place)
        turn.say(turn.texts("evidence.row_takes_none", title=row.title.said(turn.texts.language)))
        return
    attach(turn, filling, row, place.files)


def refused(turn: Turn, event: FileRefused) -> None:
    """A file could not be kept: say why and what to do."""
    turn.supersedes = f"album:{event.target.album}" if event.target.album else ""
    lead_back(turn, turn.texts(f"evidence.{event.reason}"))


def go_on(turn: Turn, spot: Spot) -> None:
    """All files (or choices) are there: go on to the next question; where there are none yet, ask again."""
    if spot.key not in spot.values:
        ask(turn, spot)
        return
    ask_next(turn, spot.filling, row=spot.row, after=spot.key)
