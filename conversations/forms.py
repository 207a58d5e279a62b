"""A form as one assignment sees it: which question comes next, how a row stands, what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from conversations.brief import Brief
from conversations.needs import Missing, SheetNeed, Topic
from conversations.people import Assignment
from conversations.sheets import ANSWERED_MARKS, OPEN_MARKS, Answer, RowMark, Sheet
from indicators.filling import Asked, Look, RowState, RowStatus, choices_for, look_at
from indicators.form import (
    REPEAT_MARK,
    AnswerKey,
    Choice,
    Form,
    IndicatorGroup,
    Part,
    Question,
    QuestionKind,
    Row,
    RowNumber,
)

OFFICE_SCOPE = "office"
LONG_FORM_ROWS = 40
"""From here on a form is entered by part and indicator instead of from the first to the last row."""


@dataclass(slots=True)
class Filling:
    """An assignment together with its form and what is known of its sheets; lives for one step."""

    brief: Brief
    assignment: Assignment
    form: Form
    today: date
    changed: dict[str, Sheet] = field(default_factory=dict)
    """Sheets that this step has changed, by row."""
    _seen: dict[str, Sheet] = field(default_factory=dict)
    progress: str = field(init=False)
    """One mark a row, as this step has left them."""
    _values: dict[str, dict[str, str]] = field(default_factory=dict)
    _looks: dict[str, Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.progress = self.assignment.progress.ljust(len(self.form.rows), RowMark.UNTOUCHED)

    def row(self, number: str) -> Row | None:
        """Find a row by its number."""
        return self.form.row_by_number.get(RowNumber(number))

    def row_of(self, key: str) -> Row | None:
        """Find the row that an answer belongs to."""
        question = self.question(key)
        return self.form.row_by_number[question.row] if question else None

    def question(self, key: str) -> Question | None:
        """Find the question behind an answer key."""
        return self.form.question_by_name.get(key.partition(REPEAT_MARK)[0])

    def sheet(self, row: str) -> Sheet:
        """Give a row's sheet, as this step has left it."""
        found = self._seen.get(row)
        if found is None:
            found = self._seen[row] = self.brief.sheet(self.assignment.id, row)
        return found

    def keep(self, row: Row, sheet: Sheet) -> None:
        """Put a new sheet in place of the row's old one."""
        self.changed[row.number] = self._seen[row.number] = sheet
        self._values.clear()
        self._looks.clear()

    def values(self, row: Row) -> dict[str, str]:
        """Give the answers that a step in this row looks at."""
        found = self._values.get(row.number)
        if found is None:
            found = self._values[row.number] = self._values_near(row)
        return found

    def _values_near(self, row: Row) -> dict[str, str]:
        near = self.form.neighbours[row.number]
        if len(near) == 1:
            return self.sheet(row.number).values()
        needs = [SheetNeed(self.assignment.id, number) for number in near if number not in self._seen]
        missing = [need for need in needs if need not in self.brief.known]
        if missing:
            raise Missing(*missing)
        values: dict[str, str] = {}
        for number in near:
            values |= self.sheet(number).values()
        return values

    def look(self, row: Row) -> Look:
        """See a row as this step has left it: what is asked in it now, and how far it has come."""
        found = self._looks.get(row.number)
        if found is None:
            found = self._looks[row.number] = look_at(self.form, row, self.values(row), self.today)
        return found

    def mark(self, row: Row) -> RowMark:
        """Tell how a row stands, without its sheet."""
        return RowMark(self.progress[row.ordinal - 1])

    def set_mark(self, row: Row, mark: RowMark) -> None:
        """Put a new mark in place of the row's old one."""
        self.progress = self.progress[: row.ordinal - 1] + mark + self.progress[row.ordinal :]

    def _marks(self, rows: tuple[Row, ...] | None) -> str:
        if rows is None or rows is self.form.rows:
            return self.progress
        return "".join(self.progress[row.ordinal - 1] for row in rows)

    def questions(self, row: Row) -> tuple[Asked, ...]:
        """Give what is asked in a row now, notes included."""
        return self.look(row).asked

    def open_question(self, row: Row, *, after: str = "") -> Asked | None:
        """Give the first question of the row (after this one) that is neither answered nor put off."""
        waiting = open_questions(self, row)
        if not after or not waiting:
            return waiting[0] if waiting else None
        keys = [each.key for each in self.questions(row)]
        place = keys.index(AnswerKey(after)) if after in keys else -1
        return next((each for each in waiting if keys.index(each.key) > place), waiting[0])

    def open_rows(self, scope: tuple[Row, ...], *, after: int) -> Iterator[Row]:
        """Give the rows of the scope that are marked open; after the last comes the first."""
        onward = chain((row for row in scope if row.ordinal > after), (row for row in scope if row.ordinal <= after))
        return (row for row in onward if self.progress[row.ordinal - 1] in OPEN_MARKS)

    def scope(self, name: str, office: str) -> tuple[Row, ...]:
        """Give the rows of a scope: all, those that an office holds, a part's or an indicator's."""
        if not name:
            return self.form.rows
        if name == OFFICE_SCOPE:
            return tuple(row for row in self.form.rows if office in row.holders)
        groups: Iterator[Part | IndicatorGroup] = chain(self.form.parts, *(part.indicators for part in self.form.parts))
        return next((self.rows_of(group) for group in groups if group.name == name), self.form.rows)

    def rows_of(self, group: Part | IndicatorGroup) -> tuple[Row, ...]:
        """Give the rows of a part or an indicator."""
        return tuple(self.form.row_by_number[number] for number in group.rows)

    def done(self, rows: tuple[Row, ...] | None = None) -> int:
        """Count the rows that are answered."""
        marks = self._marks(rows)
        return sum(map(marks.count, ANSWERED_MARKS))

    def asked_rows(self, rows: tuple[Row, ...] | None = None) -> int:
        """Count the rows that concern this region."""
        marks = self._marks(rows)
        return len(marks) - marks.count(RowMark.NOT_RELEVANT)

    @property
    def is_long(self) -> bool:
        """Tell whether it is entered by part and indicator."""
        return len(self.form.rows) > LONG_FORM_ROWS


class Spot:
    """One question in one row of one assignment."""

    __slots__ = ("asked", "assignment", "filling", "key", "question", "row")

    def __init__(self, filling: Filling, row: Row, asked: Asked) -> None:
        self.filling = filling
        self.row = row
        self.asked = asked
        self.key: AnswerKey = asked.key
        """Of its answer."""
        self.question: Question = asked.question
        self.assignment: int = filling.assignment.id
        """Its number."""

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Give the choices that can be made now."""
        return choices_for(self.filling.form, self.key, self.values, self.filling.today)

    @property
    def standing(self) -> Answer | None:
        """Give the answer that stands there now."""
        return self.sheet.answers.get(self.key)

    @property
    def files(self) -> int:
        """Count the photos and documents that answer it."""
        evidence = self.sheet.evidence
        return sum(item.key == self.key for item in evidence) if evidence else 0

    @property
    def topic(self) -> Topic:
        """Give what a message about it is about."""
        return Topic(self.assignment, self.key)

    @property
    def values(self) -> dict[str, str]:
        """Give the answers that it looks at."""
        return self.filling.values(self.row)

    @property
    def sheet(self) -> Sheet:
        """Give the sheet of its row."""
        return self.filling.sheet(self.row.number)


def open_questions(filling: Filling, row: Row) -> list[Asked]:
    """Give the questions of a row that wait for an answer and were not put off, in order."""
    skipped, values = filling.sheet(row.number).skipped, filling.values(row)
    return [
        each
        for each in filling.questions(row)
        if each.key not in values and each.key not in skipped and each.question.kind is not QuestionKind.NOTE
    ]


def evidence_key(row: Row) -> str:
    """Give the key of the row's evidence question; empty when it takes no evidence."""
    return next((question.name for question in row.questions if question.is_evidence), "")


def marked(filling: Filling, row: Row) -> tuple[RowMark, RowState]:
    """Give a row's mark and state from its answers."""
    sheet, state = filling.sheet(row.number), filling.look(row).state
    if state.status is RowStatus.NOT_RELEVANT:
        return RowMark.NOT_RELEVANT, state
    if sheet.returned:
        return RowMark.RETURNED, state
    is_touched = bool(sheet.answers or sheet.evidence or sheet.skipped)
    if not is_touched:
        return RowMark.UNTOUCHED, state
    if open_questions(filling, row):
        return RowMark.STARTED, state
    if state.status is not RowStatus.ANSWERED:
        return RowMark.PUT_OFF, state
    return (RowMark.LACKS_EVIDENCE if state.missing_evidence else RowMark.COMPLETE), state
