"""What is wrong with a form: where it stands, what was found there, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a form. Rows count from 1, the row of the column headings, as Excel shows them."""

    sheet: str
    row: int | None
    column: str | None
    message: str
    """What was expected and what was found."""
    remedy: str
    """What to do, as one sentence."""

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row is not None else ""
        column = f", column {self.column}" if self.column else ""
        return f"sheet {self.sheet}{row}{column}: {self.message} {self.remedy}".rstrip()


class FormError(Exception):
    """A form cannot be used; ``problems`` are all that were found, in the order of the sheets."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__(name, self.problems)

    def __str__(self) -> str:
        """Show each problem on a line of its own."""
        return "\n".join((f"{self.name} cannot be used:", *(str(problem) for problem in self.problems)))
