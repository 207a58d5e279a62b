"""How a question looks: where I am, what is at stake, the question, and the choices."""

from __future__ import annotations

from conversations.forms import Filling, Spot
from conversations.messages import Button, escaped
from conversations.sheets import Sheet
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts
from conversations.turn import Buttons, lines
from conversations.views.bars import bar
from indicators.filling import Asked
from indicators.form import REPEAT_MARK, AnswerKey, Choice, Question, QuestionKind, Row, Text
from indicators.reading import say_value
from indicators.scores import format_points

SHORT_LABEL = 24
"""Choices up to this length (in characters) share a line two by two."""
CHOSEN = "✓ "
MOST_BUTTON_LABEL = 60


def where(spot: Spot, rows: tuple[Row, ...], texts: Texts) -> Markup:
    """Say where the person is among the rows they go through: row, number of, bar, points at stake."""
    filling, row = spot.filling, spot.row
    rows = rows if row in rows else filling.form.rows
    place, whole = rows.index(row) + 1, len(rows)
    title = Markup(escaped(row.title.said(texts.language)))
    line = texts("question.where", title=title, place=place, whole=whole, bar=bar(filling.done(rows), whole))
    if filling.is_long:
        line = texts("question.numbered", number=row.number, rest=line)
    if not row.points:
        return line
    return texts("question.worth", where=line, points=format_points(row.points, texts.language))


def question_text(spot: Spot, texts: Texts) -> Markup:
    """Give the question itself, with notes that stand just before it and its hint."""
    language = texts.language
    notes = [note.question.label.said(language) for note in _notes_before(spot)]
    hint = spot.question.hint.said(language)
    body = _substituted(spot, spot.question.label, language)
    if spot.question.repeat:
        body = f"{body} ({spot.asked.instance})"
    return lines(
        *(texts("question.note", note=note) for note in notes),
        texts("question.text", question=body),
        texts("question.hint", hint=hint) if hint else None,
    )


def _notes_before(spot: Spot) -> list[Asked]:
    questions = spot.filling.questions(spot.row, spot.values)
    before: list[Asked] = []
    for other in questions:
        if other.key == spot.key:
            return before
        before = [*before, other] if other.question.kind is QuestionKind.NOTE else []
    return []


def _substituted(spot: Spot, label: Text, language: str) -> str:
    """Put answers where the label refers to them (``${nama}``)."""
    written = label.said(language)
    if "${" not in written:
        return written
    for key, value in spot.values.items():
        if f"${{{key}}}" in written:
            written = written.replace(f"${{{key}}}", say_value(spot.filling.form, AnswerKey(key), value, language))
    return written


def question_buttons(spot: Spot, texts: Texts) -> Buttons:
    """Give the choices of a question, and below them help, skip and back."""
    assignment = spot.assignment
    navigation = [
        Button(texts.plain("button.help"), tap(Verb.HELP, assignment, spot.key)),
        Button(texts.plain("button.skip"), tap(Verb.SKIP, assignment, spot.key)),
        Button(texts.plain("button.back"), tap(Verb.BACK, assignment, spot.key)),
    ]
    if not spot.question.guidance and not spot.question.hint:
        del navigation[0]
    if spot.filling.is_long:
        navigation.append(Button(texts.plain("button.parts"), tap(Verb.PARTS, assignment)))
    if spot.question.is_evidence:
        files = [item for item in spot.sheet.evidence if item.key == spot.key]
        return _evidence_buttons(spot, texts, navigation, has_files=bool(files))
    return (*choice_buttons(spot, texts), tuple(navigation))


def _evidence_buttons(spot: Spot, texts: Texts, navigation: list[Button], *, has_files: bool) -> Buttons:
    assignment = spot.assignment
    later = tap(Verb.SKIP, assignment, spot.key)
    others = tuple(button for button in navigation if button.data != later)
    if not has_files:
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
    chosen = spot.values.get(spot.key, "").split() if is_several else []
    verb = Verb.TOGGLE if is_several else Verb.ANSWER
    buttons = tuple(
        Button(_choice_label(choice, chosen, texts), tap(verb, assignment, spot.key, choice.name)) for choice in choices
    )
    enough = ((Button(texts.plain("button.enough_chosen"), tap(Verb.ENOUGH, assignment, spot.key)),),)
    return _arranged(buttons) + (enough if chosen else ())


def _choice_label(choice: Choice, chosen: list[str], texts: Texts) -> str:
    label = choice.label.said(texts.language)[:MOST_BUTTON_LABEL]
    return f"{CHOSEN}{label}" if choice.name in chosen else label


def _arranged(buttons: tuple[Button, ...]) -> Buttons:
    if any(len(button.label) > SHORT_LABEL for button in buttons) or len(buttons) < 2:
        return tuple((button,) for button in buttons)
    return tuple(buttons[start : start + 2] for start in range(0, len(buttons), 2))


def said(filling: Filling, key: str, value: str | None, texts: Texts) -> str:
    """Say an answer back, or that there is none."""
    if value is None or value == "":
        return texts("answer.none")
    return say_value(filling.form, key, value, texts.language)  # type: ignore[arg-type]


def short_question(question: Question, key: str, texts: Texts, *, most: int = 48) -> str:
    """Name a question in a line: its label, cut at a word."""
    label = question.label.said(texts.language)
    instance = key.partition(REPEAT_MARK)[2]
    if len(label) > most:
        label = label[: most - 1].rsplit(" ", 1)[0] + "…"
    return f"{label} ({instance})" if instance else label


def files_said(sheet: Sheet, key: str, texts: Texts) -> Markup:
    """Count the files of an evidence question."""
    return texts.count("evidence.count", sum(item.key == key for item in sheet.evidence))
