"""Photos and documents: taking them in, finding the row they belong to, listing and removing them."""

from __future__ import annotations

import re

from conversations.actions import FetchFile
from conversations.dialogs.asking import (
    ask_again,
    asking_of,
    find_question,
    leave_to,
    open_question,
)
from conversations.dialogs.going import ask_next
from conversations.events import FileReceived, FileRefused, FileStored, FileTarget, StoredFile
from conversations.forms import Filling
from conversations.messages import Button, escaped
from conversations.needs import Topic, TopicNeed
from conversations.people import Assignment
from conversations.saving import MOST_EVIDENCE, save, with_evidence
from conversations.session import Home, Sorting
from conversations.sheets import Evidence, RowMark, Sheet
from conversations.taps import Verb, base36, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, lines
from conversations.views.questions import files_said
from indicators.form import Row

MOST_FILE_BYTES = 20 * 1024 * 1024
"""Telegram hands over files up to 20 MB."""
MOST_ROWS_OFFERED = 8
MOST_UNSORTED = 10
ROW_IN_CAPTION = re.compile(r"^(?:no\.?|nomor|ubah)?\s*(\d+[A-Z]?(?:\.\d+[a-z]*)?)\b", re.IGNORECASE)


def receive(turn: Turn, event: FileReceived) -> None:
    """Take a file in: decide where it belongs, and have it fetched."""
    if event.file.size_bytes > MOST_FILE_BYTES:
        turn.say(turn.texts("evidence.too_large"))
        return
    target = _target(turn, event)
    if target is None:
        turn.say(turn.texts("evidence.no_form"))
        return
    turn.do(FetchFile(event.file, target))


def _target(turn: Turn, event: FileReceived) -> FileTarget | None:
    """Find the row: the question that was replied to, the number in the caption, the question that is open."""
    named = _by_reply(turn, event) or _by_caption(turn, event)
    if named:
        return FileTarget(named[0], named[1].number, _evidence_key(named[1]), event.album)
    asking = asking_of(turn.session) if not isinstance(turn.place, Home) else None
    assignment = turn.assignment(asking.assignment) if asking else None
    if asking and assignment:
        row = turn.filling(assignment).row(asking.row)
        if row and _evidence_key(row):
            return FileTarget(assignment.id, row.number, _evidence_key(row), event.album)
    fallback = current_assignment(turn)
    return FileTarget(fallback.id, "", "", event.album) if fallback else None


def current_assignment(turn: Turn) -> Assignment | None:
    """Give the form that the person works on: the last one, or the first that they may answer."""
    return turn.assignment(turn.session.last_assignment) or next(iter(turn.brief.assignments), None)


def _by_reply(turn: Turn, event: FileReceived) -> tuple[int, Row] | None:
    if not event.reply_to:
        return None
    topic = turn.find(TopicNeed(turn.brief.address, event.reply_to))
    assignment = turn.assignment(topic.assignment) if isinstance(topic, Topic) else None
    if assignment is None or not isinstance(topic, Topic):
        return None
    filling = turn.filling(assignment)
    question = filling.question(topic.key)
    row = filling.row(question.row) if question else None
    return (assignment.id, row) if row else None


def _by_caption(turn: Turn, event: FileReceived) -> tuple[int, Row] | None:
    found = ROW_IN_CAPTION.match(event.caption.strip())
    assignment = current_assignment(turn)
    if found is None or assignment is None:
        return None
    row = row_named(turn.filling(assignment), found.group(1))
    return (assignment.id, row) if row else None


def row_named(filling: Filling, number: str) -> Row | None:
    """Find a row by its number in the instrument (``26.6``) or its place in the form (``7``)."""
    exact = filling.row(number) or filling.row(number.upper())
    if exact:
        return exact
    place = int(number) if number.isdigit() else 0
    return filling.form.rows[place - 1] if 1 <= place <= len(filling.form.rows) else None


def _evidence_key(row: Row) -> str:
    return next((question.name for question in row.questions if question.is_evidence), "")


def stored(turn: Turn, event: FileStored) -> None:
    """A file lies in the store now: attach it, or ask where it belongs."""
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
        turn.say(turn.texts("closed"))
        return
    sheet = filling.sheet(row.number)
    fresh = _without_known(sheet, files)
    if len(sheet.evidence) + len(fresh) > MOST_EVIDENCE:
        turn.say(turn.texts("evidence.too_many", most=MOST_EVIDENCE))
        return
    if fresh:
        save(turn, filling, with_evidence(sheet, sheet.evidence + _as_evidence(turn, row, sheet, fresh)), row=row)
    _confirm(turn, filling, row, is_known=not fresh, album=album)


def _without_known(sheet: Sheet, files: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
    known = {item.sha256 for item in sheet.evidence}
    return tuple({file.sha256: file for file in files if file.sha256 not in known}.values())


def _as_evidence(turn: Turn, row: Row, sheet: Sheet, files: tuple[StoredFile, ...]) -> tuple[Evidence, ...]:
    first = 1 + max((int(item.id, 36) for item in sheet.evidence), default=0)
    by, at, key = turn.brief.person.id, int(turn.event.at.timestamp()), _evidence_key(row)
    return tuple(
        Evidence(base36(number), key, file.kind, file.name, file.sha256, file.size_bytes, by, at)
        for number, file in enumerate(files, first)
    )


def _confirm(turn: Turn, filling: Filling, row: Row, *, is_known: bool, album: str) -> None:
    title = Markup(escaped(row.title.said(turn.texts.language)))
    files = files_said(filling.sheet(row.number), _evidence_key(row), turn.texts)
    before = turn.texts("evidence.known" if is_known else "evidence.kept", title=title, files=files)
    turn.supersedes = f"album:{album}" if album else ""
    if not ask_again(turn, before=before):
        turn.say(before, column(_continue(turn, filling)))


def _ask_where(turn: Turn, filling: Filling, event: FileStored) -> None:
    """Nobody has said where this file belongs: keep it aside and ask."""
    waiting = turn.place.files if isinstance(turn.place, Sorting) else ()
    files = (*waiting, event.file)[-MOST_UNSORTED:]
    leave_to(turn, Sorting(filling.assignment.id, files))
    rows = _rows_to_offer(filling)
    buttons = [
        Button(
            f"{row.ordinal}. {row.title.said(turn.texts.language)}",
            tap(Verb.ATTACH, filling.assignment.id, row.number),
        )
        for row in rows
    ]
    turn.supersedes = f"album:{event.target.album}" if event.target.album else ""
    turn.say(turn.texts.count("evidence.where", len(files)), column(*buttons))


def _rows_to_offer(filling: Filling) -> list[Row]:
    with_evidence_question = [row for row in filling.form.rows if _evidence_key(row)]
    urgent = (RowMark.LACKS_EVIDENCE, RowMark.STARTED, RowMark.UNTOUCHED, RowMark.PUT_OFF, RowMark.COMPLETE)
    ranked = sorted(with_evidence_question, key=lambda row: _rank(filling.mark(row), urgent))
    return ranked[:MOST_ROWS_OFFERED]


def _rank(mark: RowMark, order: tuple[RowMark, ...]) -> int:
    return order.index(mark) if mark in order else len(order)


def sorted_into(turn: Turn, filling: Filling, row: Row, place: Sorting) -> None:
    """The person has said which row the waiting files belong to."""
    turn.move(Home())
    if not _evidence_key(row):
        turn.move(place)
        turn.say(turn.texts("evidence.row_takes_none"))
        return
    attach(turn, filling, row, place.files)


def refused(turn: Turn, event: FileRefused) -> None:
    """A file could not be kept: say why and what to do."""
    turn.say(turn.texts(f"evidence.{event.reason}"))


def list_files(turn: Turn, filling: Filling, row: Row, *, before: Markup | str = "") -> None:
    """List a row's files, each with a button that takes it away."""
    sheet = filling.sheet(row.number)
    texts = turn.texts
    title = Markup(escaped(row.title.said(texts.language)))
    if not sheet.evidence:
        turn.say(lines(before, texts("evidence.none", title=title)), column(_continue(turn, filling)))
        return
    listed = [texts("evidence.item", number=number, name=_name(item)) for number, item in enumerate(sheet.evidence, 1)]
    buttons = [
        Button(
            texts.plain("button.remove", number=number),
            tap(Verb.REMOVE, filling.assignment.id, row.number, item.id),
        )
        for number, item in enumerate(sheet.evidence, 1)
    ]
    turn.say(
        lines(before, texts("evidence.list", title=title), *listed),
        column(*buttons, _continue(turn, filling)),
    )


def _continue(turn: Turn, filling: Filling) -> Button:
    return Button(turn.texts.plain("button.continue"), tap(Verb.CONTINUE, filling.assignment.id))


def _name(item: Evidence) -> str:
    size = f"{max(1, item.size_bytes // 1024)} kB"
    return f"{item.name} ({size})" if item.name else f"{item.kind} ({size})"


def remove(turn: Turn, filling: Filling, row: Row, identifier: str) -> None:
    """Take one file off a row; the file itself is swept away later."""
    if not filling.assignment.is_open(turn.event.at):
        turn.say(turn.texts("closed"))
        return
    sheet = filling.sheet(row.number)
    rest = tuple(item for item in sheet.evidence if item.id != identifier)
    if len(rest) < len(sheet.evidence):
        save(turn, filling, with_evidence(sheet, rest), row=row)
    list_files(turn, filling, row, before=turn.texts("evidence.removed"))


def go_on(turn: Turn, filling: Filling, key: str) -> None:
    """All files of this question are there: go on to the next question."""
    spot = find_question(filling, key)
    if spot is None:
        ask_next(turn, filling)
        return
    if not any(item.key == key for item in spot.sheet.evidence) and spot.question.is_evidence:
        open_question(turn, filling, key)
        return
    ask_next(turn, filling, row=spot.row, after=key)
