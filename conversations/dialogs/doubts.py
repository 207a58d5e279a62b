"""When an answer is not clear, does not fit, or somebody else gave another one meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

from conversations.forms import Filling, Spot
from conversations.hours import zone_of
from conversations.messages import Button, escaped
from conversations.needs import PersonNeed
from conversations.people import Person
from conversations.session import Asking, Confirming
from conversations.sheets import Answer
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.bars import clock_time
from conversations.views.questions import choice_buttons, said, short_question
from indicators.filling import Objection
from indicators.form import Choice
from indicators.reading import Rejection, read_answer

MOST_FIXES = 3
"""Other answers offered for correction when two do not fit together."""


def offer_choices(turn: Turn, spot: Spot, choices: tuple[Choice, ...]) -> None:
    """Ask which of several choices was meant."""
    names = {choice.name for choice in choices}
    buttons = tuple(
        line
        for line in choice_buttons(spot, turn.texts)
        if any(button.data.rpartition(":")[2] in names for button in line)
    )
    turn.say(turn.texts("answer.ambiguous"), buttons, topic=spot.topic)


def explain_rejection(turn: Turn, spot: Spot, written: str) -> None:
    """Say what was expected, and put the question's choices once more."""
    reading = read_answer(
        spot.filling.form,
        spot.key,
        written,
        values=spot.values,
        today=turn.today,
        language=turn.texts.language,
    )
    reason = reading.reason.value if isinstance(reading, Rejection) else "not_understood"
    bounds = {"lowest": _bound(reading, "lowest"), "highest": _bound(reading, "highest")}
    expected = turn.texts(f"rejected.{reason}", **bounds)
    title = Markup(escaped(spot.row.title.said(turn.texts.language)))
    text = joined(turn.texts("answer.rejected", title=title, expected=expected), _choice_names(turn, spot))
    buttons = choice_buttons(spot, turn.texts)
    turn.say(
        text,
        buttons + _help_buttons(turn, spot),
        topic=spot.topic,
    )


def _bound(reading: object, name: str) -> str:
    value = getattr(reading, name, None)
    return "" if value is None else str(value)


def _choice_names(turn: Turn, spot: Spot) -> str | None:
    if not spot.question.is_choice:
        return None
    labels = [choice.label.said(turn.texts.language) for choice in spot.choices]
    return turn.texts("answer.choices", choices=", ".join(labels[:6]))


def _help_buttons(turn: Turn, spot: Spot) -> Buttons:
    assignment, key = spot.assignment, spot.key
    return (
        (
            Button(turn.texts.plain("button.help"), tap(Verb.HELP, assignment, key)),
            Button(turn.texts.plain("button.skip"), tap(Verb.SKIP, assignment, key)),
        ),
    )


def confirm(turn: Turn, spot: Spot, value: str) -> None:
    """Say back what could have been meant otherwise, and wait for a yes."""
    assignment = spot.assignment
    asking = Asking(assignment, spot.row.number, spot.key, seen=_standing_value(spot))
    turn.move(Confirming(asking, value, turn.event.message))
    text = turn.texts("answer.confirm", answer=said(spot.filling, spot.key, value, turn.texts))
    turn.say(text, _yes_no(turn, assignment, spot.key), topic=spot.topic)


def _yes_no(turn: Turn, assignment: int, key: str) -> Buttons:
    return (
        (
            Button(turn.texts.plain("button.yes"), tap(Verb.YES, assignment, key)),
            Button(turn.texts.plain("button.no"), tap(Verb.NO, assignment, key)),
        ),
    )


def _standing_value(spot: Spot) -> str:
    answer = spot.sheet.answers.get(spot.key)
    return answer.value if answer else ""


def object_to(turn: Turn, spot: Spot, value: str, objection: Objection) -> None:
    """Say why the answer does not fit, and offer to correct either side."""
    assignment = spot.assignment
    fixes = [
        Button(_fix_label(turn, spot.filling, key), tap(Verb.OPEN, assignment, key))
        for key in objection.references[:MOST_FIXES]
    ]
    own = Button(_fix_label(turn, spot.filling, spot.key, value), tap(Verb.OPEN, assignment, spot.key))
    message = objection.message.said(turn.texts.language) or turn.texts("answer.objection")
    text = turn.texts("answer.does_not_fit", message=message, answer=said(spot.filling, spot.key, value, turn.texts))
    if fixes:
        text = lines(text, turn.texts("answer.which_to_fix"))
    turn.say(text, column(*fixes, own) if fixes else (), topic=spot.topic)


def _fix_label(turn: Turn, filling: Filling, key: str, value: str | None = None) -> str:
    question = filling.question(key)
    assert question is not None
    row = filling.row(question.row)
    assert row is not None
    shown = value if value is not None else filling.values(row).get(key)
    label = short_question(question, key, turn.texts, most=36)
    return turn.texts.plain("button.fix", question=label, answer=said(filling, key, shown, turn.texts))


def is_conflict(turn: Turn, standing: Answer, value: str, key: str) -> bool:
    """Tell whether somebody else has given another answer that this person has not seen."""
    place = turn.session.place
    seen = place.seen if isinstance(place, Asking) and place.key == key else ""
    return standing.by != turn.brief.person.id and standing.value not in (value, seen)


def ask_which(turn: Turn, spot: Spot, value: str, standing: Answer) -> None:
    """Somebody else answered since the question was put: show both, let the person choose."""
    other = turn.find(PersonNeed(standing.by))
    at = datetime.fromtimestamp(standing.at, tz=UTC)
    assignment = spot.assignment
    asking = Asking(assignment, spot.row.number, spot.key, seen=standing.value)
    turn.move(Confirming(asking, value, turn.event.message))
    theirs, mine = (
        said(spot.filling, spot.key, standing.value, turn.texts),
        said(spot.filling, spot.key, value, turn.texts),
    )
    name = other.name if isinstance(other, Person) and other.name else turn.texts("somebody")
    zone = zone_of(spot.filling.assignment.region.code)
    text = turn.texts("answer.conflict", name=name, time=clock_time(at, zone), theirs=theirs, mine=mine)
    buttons = column(
        Button(turn.texts.plain("button.use", answer=theirs), tap(Verb.NO, assignment, spot.key)),
        Button(turn.texts.plain("button.use", answer=mine), tap(Verb.YES, assignment, spot.key)),
    )
    turn.say(text, buttons, topic=spot.topic)
