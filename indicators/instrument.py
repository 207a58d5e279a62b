"""A year's instrument: which indicators count how much, which forms ask for them, and the tiers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from indicators.form import Form, FormKey, Row, RowNumber, Text
from indicators.problems import FormError, Problem

FILE_NAME = "instrument.toml"
CALENDAR_NAME = "calendar.toml"
STAGE_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}")
"""Buttons carry it."""
LOWER_BOUND = "lower_bound"
"""The only rule so far: the highest tier whose lowest score is reached."""


@dataclass(frozen=True, slots=True)
class InstrumentIndicator:
    """An indicator: never worth more than its own maximum, whatever its rows add up to."""

    number: str
    title: Text
    max: Fraction


@dataclass(frozen=True, slots=True)
class InstrumentPart:
    """A chapter of the instrument; its maximum is the sum of its indicators'."""

    key: str
    title: Text
    max: Fraction
    indicators: tuple[InstrumentIndicator, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """A predikat; it is reached with ``lowest`` points."""

    key: str
    title: Text
    lowest: Fraction


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the cycle; when it is, each district says for itself."""

    key: str
    title: Text
    takes_answers: bool
    """People may answer in it; in the others they only know that it is on."""
    is_of_record: bool = False
    """One of the large stages that are written down without anything happening by them."""


ONE_STAGE = Stage("pengisian", Text({"id": "Pengisian", "en": "Answering"}), takes_answers=True)
"""The calendar of an instrument that brings none."""


@dataclass(frozen=True)
class Instrument:
    """What is asked and what it is worth in one year. Parts, indicators and tiers (lowest first) are in order."""

    year: int
    forms: Mapping[FormKey, Form]
    parts: tuple[InstrumentPart, ...]
    tiers: tuple[Tier, ...]
    rule: str
    notes: tuple[Text, ...]
    source: str
    total: Fraction
    stages: tuple[Stage, ...] = (ONE_STAGE,)
    """Of its calendar, in order; at least one takes answers."""

    @cached_property
    def answering(self) -> tuple[str, ...]:
        """Keys of the stages that take answers, in order."""
        return tuple(each.key for each in self.stages if each.takes_answers)

    def stage(self, key: str) -> Stage | None:
        """Give a stage by its key."""
        return next((each for each in self.stages if each.key == key), None)

    @property
    def indicators(self) -> tuple[InstrumentIndicator, ...]:
        """All indicators, in order."""
        return tuple(indicator for part in self.parts for indicator in part.indicators)

    @cached_property
    def rows_by_indicator(self) -> Mapping[str, tuple[tuple[FormKey, Row], ...]]:
        """The scored rows of each indicator with the form that asks for them."""
        found: dict[str, list[tuple[FormKey, Row]]] = {each.number: [] for each in self.indicators}
        for form in self.forms.values():
            for row in form.rows:
                if row.is_scored and row.indicator in found:
                    found[row.indicator].append((form.key, row))
        return {number: tuple(rows) for number, rows in found.items()}

    @cached_property
    def form_by_row(self) -> Mapping[RowNumber, Form]:
        """The form in which a row is asked; row numbers are unique within the instrument."""
        return {row.number: form for form in self.forms.values() for row in form.rows}


def read_instrument(folder: Path) -> Mapping[str, Any]:
    """Read the data of a year's folder.

    Raises:
        FormError: there is no ``instrument.toml``, or it is no TOML.
    """
    return _read(folder / FILE_NAME)


def read_calendar(folder: Path) -> Mapping[str, Any] | None:
    """Read the stages of a year's folder; ``None``: it has no ``calendar.toml``.

    Raises:
        FormError: the file is no TOML.
    """
    path = folder / CALENDAR_NAME
    return _read(path) if path.is_file() else None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refused(
            f"The file cannot be read: {error.strerror}.", "A year's folder holds one.", file=path.name
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(f"This is not TOML: {error}.", "Correct it at that place.", file=path.name) from error


def maxima_in(folder: Path) -> Mapping[str, Fraction]:
    """Give the maximum of each indicator; empty where the folder has no instrument."""
    if not (folder / FILE_NAME).is_file():
        return {}
    parts = read_instrument(folder).get("parts", [])
    return {each["number"]: Fraction(each["max"]) for part in parts for each in part["indicators"]}


def content_beside(form: Path) -> bytes:
    """Give the data of the instrument in whose folder a form lies; empty where there is none."""
    path = form.parent / FILE_NAME
    return path.read_bytes() if path.is_file() else b""


def build_instrument(
    written: Mapping[str, Any], forms: Iterable[Form], calendar: Mapping[str, Any] | None = None
) -> Instrument:
    """Put the data and the forms together; without a calendar there is one stage, in which everything is answered.

    Raises:
        FormError: something is missing, does not add up, or is asked in two forms.
    """
    try:
        asked = tuple(forms)
        instrument = replace(_instrument(written, asked), stages=_stages(calendar))
    except (KeyError, TypeError, ValueError) as error:
        message = f"Something is missing or of the wrong kind: {error!r}."
        raise _refused(message, "Compare with indicators/kla_2024.") from error
    faults = tuple(_faults(instrument, asked))
    if faults:
        raise FormError(FILE_NAME, faults)
    return instrument


def _instrument(written: Mapping[str, Any], forms: tuple[Form, ...]) -> Instrument:
    return Instrument(
        year=int(written["year"]),
        forms={form.key: form for form in forms},
        parts=tuple(_part(each) for each in written["parts"]),
        tiers=tuple(Tier(each["key"], Text(each["title"]), Fraction(each["lowest"])) for each in written["tiers"]),
        rule=written["rule"],
        notes=tuple(Text(each) for each in written["notes"]),
        source=written["source"],
        total=Fraction(written["total"]),
    )


def _stages(calendar: Mapping[str, Any] | None) -> tuple[Stage, ...]:
    """Read the stages.

    Raises:
        FormError: something is missing, a key comes twice, or no stage takes answers.
    """
    if calendar is None:
        return (ONE_STAGE,)
    try:
        stages = tuple(_stage(each) for each in calendar["stages"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"Something is missing or of the wrong kind: {error!r}."
        raise _refused(message, "Compare with indicators/kla_2024.", file=CALENDAR_NAME) from error
    keys = [each.key for each in stages]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise _refused(f"The stage {doubled[0]!r} comes twice.", "Give each a key of its own.", file=CALENDAR_NAME)
    if not any(each.takes_answers for each in stages):
        raise _refused("No stage takes answers.", "Write takes_answers = true at one.", file=CALENDAR_NAME)
    return stages


def _stage(written: Mapping[str, Any]) -> Stage:
    key = str(written["key"])
    if not STAGE_KEY.fullmatch(key):
        raise ValueError(f"the key {key!r} is not made of at most 24 small letters, digits and _")
    return Stage(
        key,
        Text(written["title"]),
        takes_answers=bool(written.get("takes_answers", False)),
        is_of_record=bool(written.get("is_of_record", False)),
    )


def _part(written: Mapping[str, Any]) -> InstrumentPart:
    indicators = tuple(
        InstrumentIndicator(each["number"], Text(each["title"]), Fraction(each["max"]))
        for each in written["indicators"]
    )
    return InstrumentPart(written["key"], Text(written["title"]), Fraction(written["max"]), indicators)


def _faults(instrument: Instrument, forms: tuple[Form, ...]) -> Iterable[Problem]:
    if instrument.rule != LOWER_BOUND:
        yield _problem(
            f"Expected the rule {LOWER_BOUND!r}, found {instrument.rule!r}.", "Write the rule that is known."
        )
    if list(instrument.tiers) != sorted(instrument.tiers, key=lambda tier: tier.lowest):
        yield _problem("The tiers are not in order.", "Begin with the lowest.")
    for part in instrument.parts:
        found = sum(each.max for each in part.indicators)
        if found != part.max:
            yield _problem(
                f"Part {part.key}: expected {part.max} points, its indicators add up to {found}.", "Correct it."
            )
    found = sum(part.max for part in instrument.parts)
    if found != instrument.total:
        yield _problem(f"Expected {instrument.total} points, the parts add up to {found}.", "Correct the parts.")
    rows = [row.number for form in forms for row in form.rows]
    for number in sorted({each for each in rows if rows.count(each) > 1}):
        yield _problem(f"Row {number} is asked in two forms.", "Give each row a number of its own.")


def _problem(message: str, remedy: str, file: str = FILE_NAME) -> Problem:
    return Problem(file, None, None, message, remedy)


def _refused(message: str, remedy: str, *, file: str = FILE_NAME) -> FormError:
    return FormError(file, [_problem(message, remedy, file)])
