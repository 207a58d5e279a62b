"""When an answer is not clear, does not fit, or somebody else gave another one meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

from conversations.forms import Filling, Spot
from conversations.hours import day_there, zone_of
from conversations.messages import Button
from conversations.needs import PersonNeed
from conversations.people import Person
from conversations.session import Asking, Confirming
from conversations.sheets import Answer
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.bars import clock_time, long_date
from conversations.views.questions import choice_button, choice_buttons, said, short_question
from indicators.filling import Objection
from indicators.form import Choice
from indicators.reading import Reason, Rejection, say_number

MOST_FIXES = 3
"""Other answers offered for correction when two do not fit together."""
MOST_NAMED = 6
"""Choices that are named in words; more stand on the buttons only."""
KEEP_THEIRS = "keep"


class Given(NamedTuple):
    """An answer as it came in."""

    value: str
    other: str = ""
    """What was typed after "lainnya"."""
    message: str = ""
    """The channel's id of the message that it came in; empty for a tap."""


def offer_choices(turn: Turn, spot: Spot, choices: tuple[Choice, ...]) -> None:
    """Ask which of several choices was meant."""
    _stay_at(turn, spot)
    buttons = column(*(choice_button(spot, choice, turn.texts) for choice in choices))
    turn.say(turn.texts("answer.ambiguous"), buttons, topic=spot.topic)


def explain_rejection(turn: Turn, spot: Spot, rejection: Rejection) -> None:
    """Say what was expected, and put the question's choices once more."""
    _stay_at(turn, spot)
    title = spot.row.title.said(turn.texts.language)
    expected = _expected(turn, rejection)
    hint = spot.question.hint.said(turn.texts.language)
    text = joined(
        turn.texts("answer.rejected", title=title, expected=expected),
        _choice_names(turn, spot),
        turn.texts("question.hint", hint=hint) if hint and not spot.question.is_choice else None,
    )
    turn.say(text, choice_buttons(spot, turn.texts) + _help_buttons(turn, spot), topic=spot.topic)


def _expected(turn: Turn, rejection: Rejection) -> Markup:
    if rejection.reason is not Reason.OUT_OF_RANGE:
        return turn.texts(f"rejected.{rejection.reason.value}")
    return _range(turn, rejection.lowest, rejection.highest)


def _range(turn: Turn, lowest: Fraction | None, highest: Fraction | None) -> Markup:
    """Say between which bounds a number lies; where there is only one bound, it is the upper one."""
    most = say_number(highest, turn.texts.language) if highest is not None else ""
    if lowest is None:
        return turn.texts("rejected.too_large", highest=most)
    return turn.texts("rejected.out_of_range", lowest=say_number(lowest, turn.texts.language), highest=most)


def _stay_at(turn: Turn, spot: Spot) -> None:
    """What is typed next answers this question, also when an older message led to it."""
    place = turn.place
    if isinstance(place, Asking) and (place.assignment, place.key) == (spot.assignment, spot.key):
        return
    turn.move(_asking(spot))


def _asking(spot: Spot) -> Asking:
    return Asking(spot.assignment, spot.row.number, spot.key, seen=spot.standing.value if spot.standing else "")


def _choice_names(turn: Turn, spot: Spot) -> str | None:
    labels = [choice.label.said(turn.texts.language) for choice in spot.choices]
    if not 0 < len(labels) <= MOST_NAMED:
        return None
    return turn.texts("answer.choices", choices="; ".join(labels))


def _help_buttons(turn: Turn, spot: Spot) -> Buttons:
    assignment, key = spot.assignment, spot.key
    return (
        (
            Button(turn.texts.plain("button.help"), tap(Verb.HELP, assignment, key)),
            Button(turn.texts.plain("button.skip"), tap(Verb.SKIP, assignment, key)),
        ),
    )


def confirm(turn: Turn, spot: Spot, given: Given) -> None:
    """Say back what could have been meant otherwise, and wait for a yes."""
    _wait_for(turn, spot, given)
    text = turn.texts("answer.confirm", answer=said(spot.filling, spot.key, given.value, turn.texts))
    turn.say(text, _yes_no(turn, spot.assignment, spot.key), topic=spot.topic)


def confirm_change(turn: Turn, spot: Spot, given: Given) -> None:
    """Say what stands there and what it would become, and wait for a yes."""
    now = said(spot.filling, spot.key, spot.standing.value if spot.standing else None, turn.texts)
    _wait_for(turn, spot, given)
    text = turn.texts(
        "answer.change",
        title=spot.row.title.said(turn.texts.language),
        ordinal=spot.row.ordinal,
        old=now,
        new=said(spot.filling, spot.key, given.value, turn.texts),
    )
    turn.say(text, _yes_no(turn, spot.assignment, spot.key), topic=spot.topic)


def _wait_for(turn: Turn, spot: Spot, given: Given) -> None:
    """Keep the answer aside until it is confirmed; what stands there now has been seen by then."""
    turn.move(Confirming(_asking(spot), given.value, given.message, given.other))


def _yes_no(turn: Turn, assignment: int, key: str) -> Buttons:
    return (
        (
            Button(turn.texts.plain("button.yes"), tap(Verb.YES, assignment, key)),
            Button(turn.texts.plain("button.no"), tap(Verb.NO, assignment, key)),
        ),
    )


def object_to(turn: Turn, spot: Spot, value: str, objection: Objection) -> None:
    """Say why the answer does not fit, and offer to correct either side."""
    _stay_at(turn, spot)
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


def is_conflict(turn: Turn, spot: Spot, value: str, standing: Answer) -> bool:
    """Tell whether somebody else has given another answer that this person has not seen."""
    if standing.by == turn.brief.person.id:
        return False
    place = turn.place
    seen = place.seen if isinstance(place, Asking) and place.key == spot.key else ""
    return standing.value not in (value, seen)


def ask_which(turn: Turn, spot: Spot, given: Given, standing: Answer) -> None:
    """Somebody else answered since the question was put: show both, let the person choose."""
    other = turn.find(PersonNeed(standing.by))
    _wait_for(turn, spot, given)
    theirs, mine = (said(spot.filling, spot.key, value, turn.texts) for value in (standing.value, given.value))
    name = other.name if isinstance(other, Person) and other.name else turn.texts("somebody")
    text = turn.texts("answer.conflict", name=name, time=_moment(turn, spot, standing.at), theirs=theirs, mine=mine)
    buttons = column(
        Button(turn.texts.plain("button.use", answer=theirs), tap(Verb.NO, spot.assignment, spot.key, KEEP_THEIRS)),
        Button(turn.texts.plain("button.use", answer=mine), tap(Verb.YES, spot.assignment, spot.key)),
    )
    turn.say(text, buttons, topic=spot.topic)


def _moment(turn: Turn, spot: Spot, seconds: int) -> str:
    """Give the time of day; when it was not today, the day too."""
    at, code = datetime.fromtimestamp(seconds, tz=UTC), spot.filling.assignment.region.code
    day = day_there(at, code)
    clock = clock_time(at, zone_of(code))
    return clock if day == day_there(turn.event.at, code) else f"{long_date(day, turn.texts.language)}, {clock}"
