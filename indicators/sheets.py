"""What every part of a form's reading needs: its texts, its expressions, and a place to note what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from indicators.expressions import ExpressionError, compile_expression
from indicators.form import Expression, Text
from indicators.problems import Problem
from indicators.source import Source
from indicators.wording import text_of

_ALWAYS = frozenset({"yes", "true", "true()"})
_NEVER = frozenset({"no", "false", "false()"})


@dataclass(slots=True)
class SheetReader:
    """The sheets of one form while they are read."""

    source: Source
    languages: tuple[str, ...]
    repeats: Mapping[str, str]
    """For each question in a repeat, the name of the repeat."""
    problems: list[Problem] = field(default_factory=list)
    _compiled: dict[tuple[str, str, bool], Expression] = field(default_factory=dict)

    def report(self, name: str, column: str | None, message: str, remedy: str) -> None:
        """Note a fault of the question or group of this name."""
        self.problems.append(Problem("survey", self.source.row_of(name), column, message, remedy))

    def report_setting(self, column: str, message: str, remedy: str) -> None:
        """Note a fault of the settings sheet."""
        self.problems.append(Problem("settings", 2, column, message, remedy))

    def report_choice(self, list_name: str, name: str, message: str, remedy: str) -> None:
        """Note a fault of a choice."""
        row = self.source.rows_by_choice.get(f"{list_name} {name}")
        self.problems.append(Problem("choices", row, None, message, remedy))

    def text(self, written: object) -> Text:
        """Take a text in all the form's languages."""
        return text_of(written, self.languages)

    def condition(self, name: str, column: str, written: object, *, within: str = "") -> Expression | None:
        """Compile a condition; ``yes`` always holds, ``no`` and nothing are None."""
        plain = str(written or "").strip()
        if plain.lower() in _NEVER:
            return None
        return self.expression(name, column, "true()" if plain.lower() in _ALWAYS else plain, within=within)

    def expression(
        self, name: str, column: str, written: object, *, within: str = "", may_use_columns: bool = False
    ) -> Expression | None:
        """Compile an expression; None when there is none or when it is faulty, which is noted."""
        plain = str(written or "").strip()
        if not plain:
            return None
        key = (plain, within, may_use_columns)
        try:
            if key not in self._compiled:
                self._compiled[key] = compile_expression(
                    plain, repeats=self.repeats, within=within, may_use_columns=may_use_columns
                )
            return self._compiled[key]
        except ExpressionError as error:
            self.report(name, column, str(error), "docs/forms.md lists what an expression may use.")
            return None


def attribute(element: Mapping[str, Any], name: str) -> str:
    """Read one of our own columns, such as ``kla:row``; empty when it is not filled in."""
    return str(element.get("instance", {}).get(name, "")).strip()


def binding(element: Mapping[str, Any], name: str) -> object:
    """Read a column that XForms keeps in the binding: ``relevant``, ``constraint``, ``jr:constraintMsg``."""
    return element.get("bind", {}).get(name, "")
