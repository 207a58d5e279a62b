"""Where an assignment stands as a whole: the review card, and the parts of a long form."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from conversations.dialogs.asking import office_of
from conversations.forms import OFFICE_SCOPE, Filling
from conversations.hours import day_there
from conversations.messages import Button
from conversations.needs import AllSheetsNeed
from conversations.people import Assignment
from conversations.session import Home, Reviewing
from conversations.sheets import RowMark, Sheet
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.bars import long_date
from conversations.views.calendar import end_text
from conversations.views.naming import office_name, shortened
from conversations.views.review import review_text
from indicators.filling import row_state
from indicators.form import IndicatorGroup, Part, Row

GAP_MARKS = frozenset({RowMark.UNTOUCHED, RowMark.STARTED, RowMark.PUT_OFF})
MOST_LABEL = 40


def show_end(turn: Turn, filling: Filling, *, before: Markup | str = "") -> None:
    """Nothing is left to ask in this scope: show how far it is, or, at the very end, the review card."""
    if turn.session.scope and gaps(filling):
        show_parts(turn, filling, before=joined(before, turn.texts("scope.done")))
        return
    show_review(turn, filling, before=before)


def show_review(turn: Turn, filling: Filling, *, before: Markup | str = "") -> None:
    """Show the review card: per part what is answered, missing, without evidence, and the points claimed."""
    assignment = filling.assignment
    turn.note(place=Reviewing(assignment.id), last_assignment=assignment.id, paused=None)
    sheets = all_sheets(turn, filling)
    earned = {row.number: _earned(filling, row, sheets) for row in filling.form.rows}
    text = joined(before, review_text(filling, earned, turn.texts), _sent_note(turn, assignment))
    turn.say(text, _buttons(turn, filling))


def all_sheets(turn: Turn, filling: Filling) -> Mapping[str, Sheet]:
    """Give every sheet of the assignment, as this step has left them."""
    found = turn.find(AllSheetsNeed(filling.assignment.id))
    assert isinstance(found, Mapping)
    return {**found, **filling.changed}


def _earned(filling: Filling, row: Row, sheets: Mapping[str, Sheet]) -> Fraction | None:
    values: dict[str, str] = {}
    for number in filling.form.neighbours[row.number]:
        sheet = sheets.get(number)
        if sheet:
            values.update(sheet.values())
    return row_state(filling.form, row, values, filling.today).share


def _sent_note(turn: Turn, assignment: Assignment) -> Markup | None:
    if assignment.sent_at is None:
        return None
    code, language = assignment.region.code, turn.texts.language
    sent = long_date(day_there(assignment.sent_at, code), language)
    if not assignment.is_open(turn.event.at):
        return turn.texts("review.sent_closed", day=sent)
    due_at = assignment.due_at(turn.event.at)
    if due_at is None:
        return turn.texts("review.sent", day=sent)
    return turn.texts("review.sent_until", day=sent, due=end_text(due_at, code, turn.texts))


def _buttons(turn: Turn, filling: Filling) -> Buttons:
    identifier, texts = filling.assignment.id, turn.texts
    has_gaps, lacks, has_returned = bool(gaps(filling)), bool(lacking(filling)), bool(returned(filling))
    is_open = filling.assignment.is_open(turn.event.at)
    wanted = (
        (is_open and has_returned, "button.complete_now", tap(Verb.CONTINUE, identifier, "returned")),
        (is_open and has_gaps, "button.fill_gaps", tap(Verb.CONTINUE, identifier, "gaps")),
        (is_open and lacks, "button.add_evidence", tap(Verb.CONTINUE, identifier, "evidence")),
        (True, "button.see_answers", tap(Verb.ANSWERS, identifier)),
        (is_open, "button.send", tap(Verb.SEND, identifier)),
        (not is_open, "button.ask", tap(Verb.MENU, "ask")),
    )
    return column(*(Button(texts.plain(key), data) for is_wanted, key, data in wanted if is_wanted))


def gaps(filling: Filling) -> list[Row]:
    """Give the rows that are not answered."""
    return [row for row in filling.form.rows if filling.mark(row) in GAP_MARKS]


def lacking(filling: Filling) -> list[Row]:
    """Give the rows that are answered but lack evidence."""
    return [row for row in filling.form.rows if filling.mark(row) is RowMark.LACKS_EVIDENCE]


def returned(filling: Filling) -> list[Row]:
    """Give the rows that the coordinator gave back, in which nothing has been changed since."""
    return [row for row in filling.form.rows if filling.mark(row) is RowMark.RETURNED]


def show_parts(turn: Turn, filling: Filling, group: str = "", *, before: Markup | str = "") -> None:
    """Show the parts of a long form, or the indicators of one part, with progress; the own office's rows first."""
    turn.note(place=Home(), paused=None, last_assignment=filling.assignment.id, scope="")
    part = next((each for each in filling.form.parts if each.name == group), None)
    if part and part.indicators:
        buttons = [_scope_button(turn, filling, each) for each in part.indicators]
        title = turn.texts("parts.indicators", part=part.title.said(turn.texts.language))
    else:
        buttons = [*_office_button(turn, filling), *_part_buttons(turn, filling)]
        title = turn.texts(
            "parts.title",
            form=filling.form.title.said(turn.texts.language),
            done=filling.done(),
            whole=filling.asked_rows(),
        )
    if part and part.indicators:
        buttons.append(Button(turn.texts.plain("button.parts"), tap(Verb.PARTS, filling.assignment.id)))
    buttons.append(Button(turn.texts.plain("button.review"), tap(Verb.REVIEW, filling.assignment.id)))
    turn.say(joined(before, title, turn.texts("parts.choose")), column(*buttons))


def _office_button(turn: Turn, filling: Filling) -> list[Button]:
    office = office_of(turn)
    rows = filling.scope(OFFICE_SCOPE, office) if office else ()
    if not rows:
        return []
    name = office_name(turn.brief.library, office, turn.texts)
    label = turn.texts.plain("parts.office", office=name, done=filling.done(rows), whole=len(rows))
    return [Button(label, tap(Verb.SCOPE, filling.assignment.id, OFFICE_SCOPE))]


def _part_buttons(turn: Turn, filling: Filling) -> list[Button]:
    identifier = filling.assignment.id
    return [
        Button(_counted(turn, filling, part), tap(Verb.PARTS, identifier, part.name))
        if part.indicators
        else _scope_button(turn, filling, part)
        for part in filling.form.parts
    ]


def _scope_button(turn: Turn, filling: Filling, group: Part | IndicatorGroup) -> Button:
    return Button(_counted(turn, filling, group), tap(Verb.SCOPE, filling.assignment.id, group.name))


def _counted(turn: Turn, filling: Filling, group: Part | IndicatorGroup) -> str:
    rows = filling.rows_of(group)
    short = shortened(group.title.said(turn.texts.language), MOST_LABEL)
    return turn.texts.plain("parts.counted", title=short, done=filling.done(rows), whole=filling.asked_rows(rows))
