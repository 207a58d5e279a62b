"""How the review card and the list of answers look."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from conversations.forms import Filling
from conversations.sheets import ANSWERED_MARKS, RowMark, Sheet
from conversations.texts import Markup, Texts
from conversations.turn import joined, lines
from conversations.views.bars import bar
from conversations.views.naming import region_name
from conversations.views.questions import files_said, said, short_question
from conversations.views.returned import returned_note
from indicators.form import Part, QuestionKind, Row, RowNumber
from indicators.scores import format_points

MOST_MISSING_NAMED = 8
MOST_TEXT = 3500
"""Characters of a list of answers; what goes beyond is cut with a hint."""

Earned = Mapping[RowNumber, Fraction | None]


def review_text(filling: Filling, earned: Earned, texts: Texts) -> Markup:
    """Say per part what is answered, missing and without evidence, and the points claimed."""
    form, language = filling.form, texts.language
    whole = sum((row.points for row in form.rows), Fraction(0))
    total = sum((_points(row, earned) for row in form.rows), Fraction(0))
    head = texts("review.title", form=form.title.said(language), region=region_name(filling.assignment.region, texts))
    parts = lines(*(_part_line(filling, part, earned, texts) for part in form.parts))
    worth = (
        texts("review.points", earned=format_points(total, language), whole=format_points(form.total, language))
        if whole
        else None
    )
    return joined(head, parts, _missing(filling, texts), worth)


def _points(row: Row, earned: Earned) -> Fraction:
    return (earned.get(row.number) or Fraction(0)) * row.points


def _part_line(filling: Filling, part: Part, earned: Earned, texts: Texts) -> Markup:
    rows = filling.rows_of(part)
    done, whole = filling.done(rows), filling.asked_rows(rows)
    got = sum((_points(row, earned) for row in rows), Fraction(0))
    values = {"bar": bar(done, whole), "done": done, "whole": whole, "part": part.title.said(texts.language)}
    if not any(row.points for row in rows):
        return texts("review.part", **values)
    return texts("review.part_points", points=format_points(got, texts.language), **values)


def _missing(filling: Filling, texts: Texts) -> Markup:
    unanswered = [row for row in filling.form.rows if _is_gap(filling, row)]
    lacking = [row for row in filling.form.rows if filling.mark(row) is RowMark.LACKS_EVIDENCE]
    returned = [row for row in filling.form.rows if filling.mark(row) is RowMark.RETURNED]
    if not unanswered and not lacking and not returned:
        return texts("review.complete")
    return lines(
        texts("review.returned", count=len(returned), rows=_names(returned, texts)) if returned else None,
        texts("review.unanswered", count=len(unanswered), rows=_names(unanswered, texts)) if unanswered else None,
        texts("review.lacking", count=len(lacking), rows=_names(lacking, texts)) if lacking else None,
    )


def _is_gap(filling: Filling, row: Row) -> bool:
    mark = filling.mark(row)
    return mark not in ANSWERED_MARKS and mark not in (RowMark.NOT_RELEVANT, RowMark.RETURNED)


def _names(rows: list[Row], texts: Texts) -> str:
    named = [f"{row.title.said(texts.language)} ({row.ordinal})" for row in rows[:MOST_MISSING_NAMED]]
    rest = len(rows) - len(named)
    return ", ".join(named) + (texts.plain("review.and_more", count=rest) if rest > 0 else "")


def gaps_text(unanswered: int, lacking: int, returned: int, texts: Texts) -> Markup:
    """Say what is still missing before the answers go out."""
    return joined(
        texts("send.gaps"),
        lines(
            texts.count("send.unanswered", unanswered) if unanswered else None,
            texts.count("send.lacking", lacking) if lacking else None,
            texts.count("send.returned", returned) if returned else None,
        ),
        texts("send.anyway"),
    )


def answers_text(filling: Filling, part: Part, sheets: Mapping[str, Sheet], texts: Texts) -> Markup:
    """List the answers of a part, row by row, with the number that ``ubah`` takes."""
    rows = filling.rows_of(part)
    head = texts("answers.title", part=part.title.said(texts.language))
    text = joined(head, *(_row_answers(filling, row, sheets.get(row.number, Sheet()), texts) for row in rows))
    if len(text) > MOST_TEXT:
        text = Markup(text[:MOST_TEXT].rpartition("\n\n")[0])
        text = joined(text, texts("answers.cut"))
    return joined(text, texts("answers.how_to_change"))


def _row_answers(filling: Filling, row: Row, sheet: Sheet, texts: Texts) -> Markup:
    head = texts("answers.row", ordinal=row.ordinal, title=row.title.said(texts.language))
    return lines(head, *_answer_lines(filling, row, sheet, texts))


def _answer_lines(filling: Filling, row: Row, sheet: Sheet, texts: Texts) -> list[Markup]:
    given = []
    for question in row.questions:
        if question.kind in (QuestionKind.NOTE, QuestionKind.CALCULATE):
            continue
        if question.is_evidence:
            if any(item.key == question.name for item in sheet.evidence):
                given.append(texts("answers.files", files=files_said(sheet, question.name, texts)))
            continue
        for key, answer in sheet.answers.items():
            if filling.question(key) is question:
                given.append(
                    texts(
                        "answers.line",
                        question=short_question(question, key, texts),
                        answer=said(filling, key, answer.value, texts),
                    )
                )
    return given or [texts("answers.nothing")]


def row_text(filling: Filling, row: Row, texts: Texts) -> Markup:
    """Show one row with what stands there."""
    head = texts("row.title", ordinal=row.ordinal, title=row.title.said(texts.language))
    sheet = filling.sheet(row.number)
    return joined(head, returned_note(sheet, texts), lines(*_answer_lines(filling, row, sheet, texts)))
