"""Reading one question of an XLSForm: its kind, texts, conditions, choices and unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from indicators.form import NO_TEXT, Choice, Expression, Question, QuestionKind, Repeat, RowNumber, Text
from indicators.sheets import SheetReader, attribute, binding

KINDS: Mapping[str, QuestionKind] = {
    "select one": QuestionKind.SELECT_ONE,
    "select all that apply": QuestionKind.SELECT_MULTIPLE,
    "integer": QuestionKind.INTEGER,
    "int": QuestionKind.INTEGER,
    "decimal": QuestionKind.DECIMAL,
    "range": QuestionKind.RANGE,
    "text": QuestionKind.TEXT,
    "string": QuestionKind.TEXT,
    "date": QuestionKind.DATE,
    "photo": QuestionKind.IMAGE,
    "image": QuestionKind.IMAGE,
    "file": QuestionKind.FILE,
    "geopoint": QuestionKind.GEOPOINT,
    "location": QuestionKind.GEOPOINT,
    "gps": QuestionKind.GEOPOINT,
    "note": QuestionKind.NOTE,
    "calculate": QuestionKind.CALCULATE,
    "acknowledge": QuestionKind.ACKNOWLEDGE,
    "trigger": QuestionKind.ACKNOWLEDGE,
}
SKIPPED = frozenset(
    {
        "start", "end", "today", "deviceid", "username", "phonenumber", "email", "simserial", "subscriberid",
        "audit", "hidden", "start-geopoint", "background-geopoint", "device id", "phone number",
    }
)  # fmt: skip
"""What a collecting app fills in by itself; a chat has nothing to put there."""

OTHER = "other"
_OTHER_SUFFIX = "_other"
_OTHER_LABEL = {"id": "Lainnya"}
_SPECIFY_LABEL = {"id": "Mohon sebutkan yang dimaksud."}
_UNITS, _YES = "satuan", frozenset({"yes", "true", "true()"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands: its row, the conditions of the groups around it, its repeat."""

    row: RowNumber
    relevant: tuple[Expression, ...] = ()
    repeat: Repeat | None = None


def read_question(sheets: SheetReader, element: Mapping[str, Any], place: Place) -> Question | None:
    """Take a question over; None when it cannot be asked, which is noted as a problem."""
    kind = KINDS.get(element["type"])
    name = element["name"]
    if kind is None:
        message = f"Questions of type {element['type']!r} cannot be asked by chat."
        sheets.report(name, "type", message, "docs/forms.md lists the types that can.")
        return None
    within = place.repeat.name if place.repeat else ""
    own = sheets.expression(name, "relevant", binding(element, "relevant"), within=within)
    lowest, highest, step = _range(element) if kind is QuestionKind.RANGE else (None, None, None)
    return Question(
        name=name,
        kind=_shown_kind(kind, element),
        row=place.row,
        label=_label(sheets, element),
        hint=sheets.text(element.get("hint")),
        guidance=sheets.text(element.get("guidance_hint")),
        relevant=(*place.relevant, own) if own else place.relevant,
        required=sheets.condition(name, "required", binding(element, "required"), within=within),
        constraint=sheets.expression(name, "constraint", binding(element, "constraint"), within=within),
        constraint_message=sheets.text(binding(element, "jr:constraintMsg")),
        calculation=_calculation(sheets, element, kind, within),
        choices=_choices(sheets, element),
        choice_filter=sheets.expression(
            name, "choice_filter", element.get("choice_filter"), within=within, may_use_columns=True
        ),
        unit=attribute(element, "kla:unit"),
        unit_label=_unit_label(sheets, element),
        lowest=lowest,
        highest=highest,
        step=step,
        repeat=place.repeat,
    )


def _shown_kind(kind: QuestionKind, element: Mapping[str, Any]) -> QuestionKind:
    """What may only be read is shown, not asked."""
    is_read_only = str(binding(element, "readonly")).lower() in _YES
    return QuestionKind.NOTE if is_read_only and kind is QuestionKind.TEXT else kind


def _label(sheets: SheetReader, element: Mapping[str, Any]) -> Text:
    if is_specify_other(element):
        specify = {code: _SPECIFY_LABEL.get(code, "Please specify.") for code in sheets.languages}
        return Text(specify)
    return sheets.text(element.get("label"))


def is_specify_other(element: Mapping[str, Any]) -> bool:
    """Tell whether pyxform made this question for a choice list with ``or_other``."""
    return str(element["name"]).endswith(_OTHER_SUFFIX) and element.get("label") == "Specify other."


def _calculation(sheets: SheetReader, element: Mapping[str, Any], kind: QuestionKind, within: str) -> Expression | None:
    if kind is not QuestionKind.CALCULATE:
        return None
    return sheets.expression(element["name"], "calculation", binding(element, "calculate"), within=within)


def _choices(sheets: SheetReader, element: Mapping[str, Any]) -> tuple[Choice, ...]:
    list_name = str(element.get("list_name", ""))
    kept = []
    for each in choice_list(sheets, list_name):
        is_declared = f"{list_name} {each['name']}" in sheets.source.rows_by_choice
        if is_declared or element["name"] in sheets.source.with_other:
            kept.append(_choice(sheets, each, is_declared=is_declared))
    return tuple(kept)


def _choice(sheets: SheetReader, element: Mapping[str, Any], *, is_declared: bool) -> Choice:
    """Take a choice over; ``or_other`` adds one that the sheet does not declare."""
    name = str(element["name"])
    if not is_declared:
        return Choice(name, Text({code: _OTHER_LABEL.get(code, "Other") for code in sheets.languages}))
    label = sheets.text(element.get("label")) or sheets.text(name)
    further = {key: str(value) for key, value in element.items() if key not in ("name", "label", "media")}
    return Choice(name, label, further)


def _unit_label(sheets: SheetReader, element: Mapping[str, Any]) -> Text:
    code = attribute(element, "kla:unit")
    if not code:
        return NO_TEXT
    found = next((each for each in choice_list(sheets, _UNITS) if each["name"] == code), None)
    if found is None:
        message = f"Expected a unit from the list {_UNITS!r} of the choices sheet, found {code!r}."
        sheets.report(element["name"], "instance::kla:unit", message, "Add the unit to the list or correct the code.")
        return NO_TEXT
    return sheets.text(found.get("label"))


def choice_list(sheets: SheetReader, name: str) -> list[Mapping[str, Any]]:
    """Find a list of the choices sheet; empty when there is none."""
    found: list[Mapping[str, Any]] = sheets.source.survey.get("choices", {}).get(name, [])
    return found


def _range(element: Mapping[str, Any]) -> tuple[Fraction, Fraction, Fraction]:
    """Read start, end and step, which pyxform has checked; what is left out is 1, 10 and 1, as it is there."""
    written = element.get("parameters", {})
    start, end, step = (Fraction(written.get(key, usual)) for key, usual in (("start", 1), ("end", 10), ("step", 1)))
    return start, end, step
