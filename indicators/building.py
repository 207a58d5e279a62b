"""From pyxform's tree to our frozen form: parts, rows and questions, noting every fault that is met on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from indicators.form import (
    EvidenceKind,
    Expression,
    Form,
    FormKey,
    IndicatorGroup,
    Part,
    Question,
    Repeat,
    Row,
    RowNumber,
    Text,
)
from indicators.questions import SKIPPED, Place, choice_list, read_question
from indicators.sheets import SheetReader, attribute, binding
from indicators.source import Source
from indicators.wording import languages_in
from indicators.xpath_values import Endless, number_in

_FALLING = "turun"
_EVIDENCE, _OFFICES = "bukti", "opd"
_UNITS_OF_FORMS = ("", "desa", "kecamatan", "kabupaten")


def build_form(source: Source) -> tuple[Form, SheetReader]:
    """Build the form as far as possible; the sheets' ``problems`` say what is wrong with it."""
    languages = languages_in(source.survey)
    sheets = SheetReader(source, languages, dict(_repeats(source.survey)))
    return _Builder(sheets, is_scored=_has_rows(source.survey)).form(), sheets


def _has_rows(element: Mapping[str, Any]) -> bool:
    return bool(attribute(element, "kla:row")) or any(_has_rows(child) for child in element.get("children", ()))


_POINTS_REMEDY = "Write them with a decimal point: 1.25."


def _points(written: str) -> Fraction | None:
    amount = number_in(written)
    return None if isinstance(amount, Endless) or amount < 0 else Fraction(amount)


def _no_points(written: str) -> str:
    return f"Expected points as a number of at least 0, found {written!r}."


def _repeats(element: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """For each question in a repeat, the name of the repeat."""
    for child in element.get("children", ()):
        inside = child["name"] if child["type"] == "repeat" else within
        if inside and "children" not in child:
            yield child["name"], inside
        yield from _repeats(child, inside)


@dataclass(slots=True)
class _Draft:
    """A row while its questions are gathered."""

    number: RowNumber
    group: Mapping[str, Any]
    path: Sequence[Mapping[str, Any]]
    """The groups around it, the part first."""
    is_numbered: bool
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A spot in the tree."""

    groups: tuple[Mapping[str, Any], ...] = ()
    relevant: tuple[Expression, ...] = ()
    repeat: Repeat | None = None


@dataclass(slots=True)
class _Builder:
    sheets: SheetReader
    is_scored: bool
    """Some group carries ``kla:row``."""
    drafts: dict[RowNumber, _Draft] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def form(self) -> Form:
        survey = self.sheets.source.survey
        self._walk(survey, _Spot())
        rows = tuple(self._row(draft, place) for place, draft in enumerate(self.drafts.values(), start=1))
        return Form(
            key=FormKey(survey["id_string"]),
            version=str(survey.get("version", "")),
            title=self.sheets.text(survey["title"]),
            unit=self._unit(),
            total=self._total(),
            languages=self.sheets.languages,
            parts=tuple(self._parts()),
            rows=rows,
            offices={each["name"]: self.sheets.text(each.get("label")) for each in choice_list(self.sheets, _OFFICES)},
        )

    def _attributes(self) -> Mapping[str, Any]:
        attributes: Mapping[str, Any] = self.sheets.source.survey.get("attribute", {})
        return attributes

    def _total(self) -> Fraction:
        written = str(self._attributes().get("kla:total", "0"))
        amount = _points(written)
        if amount is None:
            self.sheets.report_setting("attribute::kla:total", _no_points(written), _POINTS_REMEDY)
        return amount or Fraction(0)

    def _unit(self) -> str:
        unit = str(self._attributes().get("kla:unit", ""))
        if unit not in _UNITS_OF_FORMS:
            message = f"Expected desa, kecamatan, kabupaten or nothing, found {unit!r}."
            self.sheets.report_setting("attribute::kla:unit", message, "Say who answers the form.")
        return unit

    def _walk(self, element: Mapping[str, Any], spot: _Spot) -> None:
        for child in element.get("children", ()):
            if child["type"] in ("group", "repeat"):
                self._enter(child, spot)
            elif child["type"] not in SKIPPED:
                self._question(child, spot)

    def _enter(self, group: Mapping[str, Any], spot: _Spot) -> None:
        if group.get("control", {}).get("bodyless"):
            return  # pyxform's own group for the form's identity
        name, within = group["name"], spot.repeat.name if spot.repeat else ""
        own = self.sheets.expression(name, "relevant", binding(group, "relevant"), within=within)
        repeat = self._repeat(group, spot) if group["type"] == "repeat" else spot.repeat
        relevant = (*spot.relevant, own) if own else spot.relevant
        inside = _Spot((*spot.groups, group), relevant, repeat)
        if attribute(group, "kla:row"):
            self._begin_row(group, spot)
        self._walk(group, inside)

    def _repeat(self, group: Mapping[str, Any], spot: _Spot) -> Repeat | None:
        name = group["name"]
        if spot.repeat:
            message = f"The repeat {name!r} stands inside the repeat {spot.repeat.name!r}."
            self.sheets.report(name, "type", message, "Repeats cannot be nested; ask for the inner part as text.")
            return spot.repeat
        count = self.sheets.expression(name, "repeat_count", group.get("control", {}).get("jr:count"))
        if count is None:
            message = f"The repeat {name!r} does not say how often it is asked."
            self.sheets.report(name, "repeat_count", message, "Ask for the number first and write ${number} here.")
            return None
        return Repeat(name, self.sheets.text(group.get("label")), count)

    def _begin_row(self, group: Mapping[str, Any], spot: _Spot) -> None:
        number = RowNumber(attribute(group, "kla:row"))
        around = next((each["name"] for each in spot.groups if attribute(each, "kla:row")), None)
        if around or spot.repeat or group["type"] == "repeat":
            message = f"The scored row {number} stands inside {around or 'a repeat'}."
            self.sheets.report(
                group["name"], "instance::kla:row", message, "Move it out: rows stand beside each other."
            )
        elif number in self.drafts:
            message = f"The row {number} is there twice."
            self.sheets.report(group["name"], "instance::kla:row", message, "Give each row a number of its own.")
        else:
            self.drafts[number] = _Draft(number, group, spot.groups, is_numbered=True)

    def _question(self, element: Mapping[str, Any], spot: _Spot) -> None:
        name = element["name"]
        if name in self.names:
            rows = ", ".join(str(row) for row in self.sheets.source.rows_by_name.get(name, ()))
            self.sheets.report(name, "name", f"The name {name!r} is given twice (rows {rows}).", "Rename one of them.")
            return
        self.names.add(name)
        draft = self._draft_for(spot)
        question = read_question(self.sheets, element, Place(draft.number, spot.relevant, spot.repeat))
        if question is not None:
            draft.questions.append(question)

    def _draft_for(self, spot: _Spot) -> _Draft:
        """Find the row around this spot; questions outside rows go to an unscored row named after their group."""
        numbered = next((attribute(each, "kla:row") for each in spot.groups if attribute(each, "kla:row")), None)
        if numbered and numbered in self.drafts:
            return self.drafts[RowNumber(numbered)]
        path = [each for each in spot.groups if each["type"] == "group"] or list(spot.groups)
        path = path if self.is_scored else path[:1]
        group = path[-1] if path else self._whole()
        number = RowNumber(group["name"])
        return self.drafts.setdefault(number, _Draft(number, group, path[:-1] or path, is_numbered=False))

    def _whole(self) -> Mapping[str, Any]:
        """Stand in for the group that questions outside all groups do not have."""
        survey = self.sheets.source.survey
        return {"name": survey["id_string"], "label": survey["title"], "type": "group"}

    def _row(self, draft: _Draft, ordinal: int) -> Row:
        group, name = draft.group, draft.group["name"]
        share = self.sheets.expression(name, "instance::kla:share", attribute(group, "kla:share"))
        return Row(
            number=draft.number,
            name=name,
            ordinal=ordinal,
            title=self._title(group),
            part=self._part_of(draft)["name"],
            indicator=draft.number.split(".")[0] if draft.is_numbered and "." in draft.number else "",
            points=self._points(group),
            share=share,
            is_falling=self._is_falling(group),
            evidence=tuple(self._evidence(group)),
            holders=tuple(self._holders(group)),
            questions=tuple(draft.questions),
        )

    def _title(self, group: Mapping[str, Any]) -> Text:
        return self.sheets.text(group.get("label")) or self.sheets.text(group["name"])

    def _part_of(self, draft: _Draft) -> Mapping[str, Any]:
        return draft.path[0] if draft.path else draft.group

    def _parts(self) -> Iterator[Part]:
        by_part: dict[str, list[_Draft]] = {}
        for draft in self.drafts.values():
            by_part.setdefault(self._part_of(draft)["name"], []).append(draft)
        for name, drafts in by_part.items():
            title = self._title(self._part_of(drafts[0]))
            yield Part(name, title, tuple(draft.number for draft in drafts), tuple(self._indicators(drafts)))

    def _indicators(self, drafts: Sequence[_Draft]) -> Iterator[IndicatorGroup]:
        groups: dict[str, tuple[Mapping[str, Any], list[RowNumber]]] = {}
        for draft in drafts:
            if len(draft.path) > 1:
                groups.setdefault(draft.path[1]["name"], (draft.path[1], []))[1].append(draft.number)
        for name, (group, numbers) in groups.items():
            yield IndicatorGroup(name, self._title(group), tuple(numbers))

    def _points(self, group: Mapping[str, Any]) -> Fraction:
        written = attribute(group, "kla:points") or "0"
        amount = _points(written)
        if amount is None:
            self.sheets.report(group["name"], "instance::kla:points", _no_points(written), _POINTS_REMEDY)
        return amount or Fraction(0)

    def _is_falling(self, group: Mapping[str, Any]) -> bool:
        direction = attribute(group, "kla:direction")
        if direction not in ("", "naik", _FALLING):
            message = f"Expected {_FALLING!r} or nothing, found {direction!r}."
            self.sheets.report(group["name"], "instance::kla:direction", message, "Write turun where high is bad.")
        return direction == _FALLING

    def _evidence(self, group: Mapping[str, Any]) -> Iterator[EvidenceKind]:
        for code in self._codes(group, "kla:evidence", _EVIDENCE):
            found = next(each for each in choice_list(self.sheets, _EVIDENCE) if each["name"] == code)
            yield EvidenceKind(code, self.sheets.text(found.get("label")))

    def _holders(self, group: Mapping[str, Any]) -> Iterator[str]:
        yield from self._codes(group, "kla:holder", _OFFICES)

    def _codes(self, group: Mapping[str, Any], column: str, list_name: str) -> Iterator[str]:
        known = {each["name"] for each in choice_list(self.sheets, list_name)}
        for code in attribute(group, column).split():
            if code in known:
                yield code
                continue
            message = f"Expected codes from the list {list_name!r} of the choices sheet, found {code!r}."
            self.sheets.report(group["name"], f"instance::{column}", message, "Add it to the list or correct it.")
