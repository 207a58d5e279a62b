"""Looking over the answers, changing single ones, and handing them to the coordinator."""

from __future__ import annotations

from conversations.actions import SendAnswers
from conversations.dialogs.asking import ask, pause
from conversations.dialogs.offers import answers_button, ask_button, closed, continue_button, menu_button, say_closed
from conversations.dialogs.overview import all_sheets, gaps, lacking, returned
from conversations.forms import Filling, Spot
from conversations.messages import Button
from conversations.people import Assignment, Standing
from conversations.sheets import RowMark
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, joined
from conversations.views.calendar import end_text
from conversations.views.questions import short_question
from conversations.views.review import answers_text, gaps_text, row_text
from indicators.form import QuestionKind, Row


def show_answers(turn: Turn, filling: Filling, part_name: str) -> None:
    """List the answers of a part, each with the number that changes it; without a part, offer the parts."""
    parts = {part.name: part for part in filling.form.parts}
    if part_name not in parts and len(parts) > 1:
        buttons = column(
            *(
                Button(part.title.said(turn.texts.language), tap(Verb.ANSWERS, filling.assignment.id, part.name))
                for part in filling.form.parts
            )
        )
        turn.say(turn.texts("answers.which_part"), buttons)
        return
    part = parts.get(part_name, filling.form.parts[0])
    text = answers_text(filling, part, all_sheets(turn, filling), turn.texts)
    buttons = column(Button(turn.texts.plain("button.review"), tap(Verb.REVIEW, filling.assignment.id)))
    turn.say(text, buttons)


def send(turn: Turn, filling: Filling, *, with_gaps: bool) -> None:
    """Hand the answers over; gaps are named first, and the head signs off, not the operator."""
    assignment = filling.assignment
    if not assignment.is_open(turn.event.at):
        say_closed(turn, filling)
        return
    if _is_operator_only(turn, assignment):
        turn.say(turn.texts("send.not_operator"), column(answers_button(turn, filling), menu_button(turn)))
        return
    missing = _missing(filling)
    if missing and not with_gaps:
        turn.say(
            gaps_text(len(gaps(filling)), len(lacking(filling)), len(returned(filling)), turn.texts),
            column(
                Button(turn.texts.plain("button.fill_gaps"), tap(Verb.CONTINUE, assignment.id, missing)),
                Button(turn.texts.plain("button.send_anyway"), tap(Verb.SEND, assignment.id, "1")),
            ),
        )
        return
    turn.do(SendAnswers(assignment.id))
    turn.say(
        _thanks(turn, assignment),
        column(
            answers_button(turn, filling),
            menu_button(turn),
        ),
    )


def _missing(filling: Filling) -> str:
    """Name what is to be taken up first, as a button of ``Verb.CONTINUE`` does; empty: nothing."""
    wanted = {"returned": returned(filling), "gaps": gaps(filling), "evidence": lacking(filling)}
    return next((name for name, rows in wanted.items() if rows), "")


def _thanks(turn: Turn, assignment: Assignment) -> Markup:
    due_at = assignment.due_at(turn.event.at)
    if due_at is None:
        return turn.texts("send.done")
    return turn.texts("send.done_until", due=end_text(due_at, assignment.region.code, turn.texts))


def _is_operator_only(turn: Turn, assignment: Assignment) -> bool:
    own = [post for post in turn.brief.posts if post.region.id == assignment.region.id]
    return bool(own) and all(post.standing is Standing.OPERATOR for post in own)


def open_row(turn: Turn, filling: Filling, row: Row, *, before: Markup | str = "") -> None:
    """Show one row with its answers, each to be changed.

    A row with one answer at most goes straight to it, unless it was returned for something else than that answer.
    """
    questions = [each for each in filling.questions(row) if each.question.kind is not QuestionKind.NOTE]
    if not questions:
        turn.say(turn.texts("row.not_relevant"), column(continue_button(turn, filling)))
        return
    pause(turn)
    turn.note(last_assignment=filling.assignment.id)
    if not filling.assignment.is_open(turn.event.at):
        text = joined(before, row_text(filling, row, turn.texts), closed(turn, filling.assignment))
        turn.say(text, column(answers_button(turn, filling), ask_button(turn)))
        return
    is_returned = filling.mark(row) is RowMark.RETURNED
    if len(questions) == 1 or (not is_returned and sum(each.key in filling.values(row) for each in questions) <= 1):
        ask(turn, Spot(filling, row, questions[0]), before=before)
        return
    buttons = [
        Button(short_question(each.question, each.key, turn.texts), tap(Verb.OPEN, filling.assignment.id, each.key))
        for each in questions
    ]
    which = turn.texts("returned.which" if is_returned else "row.which")
    onward = _onward_buttons(turn, filling) if is_returned else (continue_button(turn, filling),)
    turn.say(joined(before, row_text(filling, row, turn.texts), which), column(*buttons, *onward))


def _onward_buttons(turn: Turn, filling: Filling) -> tuple[Button, ...]:
    review = Button(turn.texts.plain("button.review"), tap(Verb.REVIEW, filling.assignment.id))
    return ask_button(turn), review
