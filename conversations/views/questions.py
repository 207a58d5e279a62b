"""How a question looks: where I am, what is at stake, the question, and the choices."""

from __future__ import annotations

import re
from itertools import takewhile

from conversations.forms import Filling, Spot
from conversations.messages import Button
from conversations.sheets import Sheet
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts
from conversations.turn import Buttons, lines
from conversations.views.bars import bar
from conversations.views.naming import shortened
from indicators.filling import Asked
from indicators.form import REPEAT_MARK, AnswerKey, Choice, Question, QuestionKind, Row
from indicators.reading import say_value
from indicators.scores import format_points

YEAR = re.compile(r"(?:19|20)\d\d")
"""A bare number like this is a year, which nobody writes with a point."""
SHORT_LABEL = 24
"""Choices up to this length (in characters) share a line two by two."""
CHOSEN = "✓ "
MOST_BUTTON_LABEL = 60


def where(spot: Spot, rows: tuple[Row, ...], texts: Texts, *, region: str = "") -> Markup:
    """Say where the person is among the rows they go through: row, number of, bar, points at stake, region."""
    filling, row = spot.filling, spot.row
    if rows is not filling.form.rows and row not in rows:
        rows = filling.form.rows
    place = row.ordinal if rows is filling.form.rows else rows.index(row) + 1
    whole = len(rows)
    title = row.title.said(texts.language)
    drawn = bar(filling.done(rows), filling.asked_rows(rows))
    line = texts("question.where", title=title, place=place, whole=whole, bar=drawn)
    if filling.is_long:
        line = texts("question.numbered", number=row.number, rest=line)
    if row.points:
        line = texts("question.worth", where=line, points=format_points(row.points, texts.language))
    return texts("question.in_region", where=line, region=region) if region else line


def question_text(spot: Spot, texts: Texts) -> Markup:
    """Give the question itself, with notes that stand just before it and its hint."""
    question, language = spot.question, texts.language
    notes = [note.question.label.said(language) for note in _notes_before(spot)]
    hint, body = question.hint.said(language), question.label.said(language)
    if question.repeat:
        body = f"{body} ({spot.asked.instance})"
    return lines(
        *(texts("question.note", note=note) for note in notes),
        texts("question.text", question=body),
        texts("question.hint", hint=hint) if hint else None,
    )


def _notes_before(spot: Spot) -> list[Asked]:
    """Give the notes that stand just before the question, in order."""
    notes: list[Asked] = []
    for each in takewhile(lambda one: one.key != spot.key, spot.filling.questions(spot.row)):
        if each.question.kind is QuestionKind.NOTE:
            notes.append(each)
        else:
            notes.clear()
    return notes


def question_buttons(spot: Spot, texts: Texts) -> Buttons:
    """Give the choices of a question, and below them help, skip and back."""
    assignment, key, question = spot.assignment, spot.key, spot.question
    navigation = [
        Button(texts.plain("button.skip"), tap(Verb.SKIP, assignment, key), texts.plain("word.skip")),
        Button(texts.plain("button.back"), tap(Verb.BACK, assignment, key), texts.plain("word.back")),
    ]
    if question.guidance or question.hint:
        wanted = Button(texts.plain("button.help"), tap(Verb.HELP, assignment, key), texts.plain("word.help"))
        navigation.insert(0, wanted)
    if spot.filling.is_long:
        navigation.append(Button(texts.plain("button.parts"), tap(Verb.PARTS, assignment), texts.plain("word.parts")))
    if question.is_evidence:
        return _evidence_buttons(spot, texts, navigation)
    return (*choice_buttons(spot, texts), tuple(navigation))


def _evidence_buttons(spot: Spot, texts: Texts, navigation: list[Button]) -> Buttons:
    assignment = spot.assignment
    later = tap(Verb.SKIP, assignment, spot.key)
    others = tuple(button for button in navigation if button.data != later)
    if not spot.files:
        return ((Button(texts.plain("button.later"), later),), others)
    return (
        (Button(texts.plain("button.enough"), tap(Verb.ENOUGH, assignment, spot.key)),),
        (Button(texts.plain("button.files"), tap(Verb.FILES, assignment, spot.row.number)),),
        others,
    )


def choice_buttons(spot: Spot, texts: Texts) -> Buttons:
    """Give a button for each choice: short ones two by two, several-choice ones with a tick and an end."""
    question, assignment = spot.question, spot.assignment
    if question.kind is QuestionKind.ACKNOWLEDGE:
        return ((Button(texts.plain("button.acknowledge"), tap(Verb.ANSWER, assignment, spot.key, "OK")),),)
    if not question.is_choice:
        return ()
    choices = spot.choices
    is_several = question.kind is QuestionKind.SELECT_MULTIPLE
    buttons = tuple(choice_button(spot, choice, texts) for choice in choices)
    enough = ((Button(texts.plain("button.enough_chosen"), tap(Verb.ENOUGH, assignment, spot.key)),),)
    return _arranged(buttons) + (enough if spot.standing and is_several else ())


def choice_button(spot: Spot, choice: Choice, texts: Texts) -> Button:
    """Give the button of one choice, ticked when it is one of several that are chosen."""
    is_several = spot.question.kind is QuestionKind.SELECT_MULTIPLE
    is_chosen = is_several and spot.standing is not None and choice.name in spot.standing.value.split()
    label = shortened(choice.label.said(texts.language), MOST_BUTTON_LABEL)
    verb = Verb.TOGGLE if is_several else Verb.ANSWER
    return Button(f"{CHOSEN}{label}" if is_chosen else label, tap(verb, spot.assignment, spot.key, choice.name))


def _arranged(buttons: tuple[Button, ...]) -> Buttons:
    if any(len(button.label) > SHORT_LABEL for button in buttons) or len(buttons) < 2:
        return tuple((button,) for button in buttons)
    return tuple(buttons[start : start + 2] for start in range(0, len(buttons), 2))


def said(filling: Filling, key: str, value: str | None, texts: Texts) -> str:
    """Say an answer back, or that there is none."""
    if value is None or value == "":
        return texts("answer.none")
    question = filling.question(key)
    if question and question.kind is QuestionKind.ACKNOWLEDGE:
        return texts("answer.read")
    if question and question.kind is QuestionKind.INTEGER and not question.unit and YEAR.fullmatch(value):
        return value
    return say_value(filling.form, AnswerKey(key), value, texts.language)


def short_question(question: Question, key: str, texts: Texts, *, most: int = 48) -> str:
    """Name a question in a line: its label, cut at a word."""
    label = shortened(question.label.said(texts.language), most)
    instance = key.partition(REPEAT_MARK)[2]
    return f"{label} ({instance})" if instance else label


def files_said(sheet: Sheet, key: str, texts: Texts) -> Markup:
    """Count the files of an evidence question."""
    return texts.count("evidence.count", sum(item.key == key for item in sheet.evidence))
