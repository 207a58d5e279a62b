"""Numbers for the rows of forms, so that a sheet's key is two integers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicators.form import Form, RowNumber
from storage.database import Database
from storage.inserting import insert_into
from storage.tables import form_row


class FormRows:
    """The row numbers of every form in the library, as small integers; they are given once and stay."""

    def __init__(self, forms: Mapping[str, Form]) -> None:
        self._forms = forms
        self._places = {key: {row.number: place for place, row in enumerate(form.rows)} for key, form in forms.items()}
        self._ids: dict[tuple[str, str], int] = {}
        self._rows: dict[int, tuple[str, str]] = {}

    async def prepare(self, database: Database) -> None:
        """Number the rows that have no number yet. Cheap when nothing is new."""
        if self._ids:
            return
        async with database.writing("Numbering the rows of the forms") as connection:
            await self._read(connection)
            if fresh := self._unnumbered():
                await connection.execute(insert_into(connection, form_row).on_conflict_do_nothing(), fresh)
                await self._read(connection)
                await connection.commit()

    async def _read(self, connection: AsyncConnection) -> None:
        for row in await connection.execute(select(form_row)):
            self._ids[row.form, row.number] = row.id
            self._rows[row.id] = (row.form, row.number)

    def _unnumbered(self) -> list[dict[str, str]]:
        wanted = [(key, row.number) for key, form in self._forms.items() for row in form.rows]
        return [{"form": key, "number": number} for key, number in wanted if (key, number) not in self._ids]

    def id(self, form: str, number: str) -> int | None:
        """Give the integer of a form's row; ``None`` when the form has no such row."""
        return self._ids.get((form, number))

    def number(self, row: int) -> str:
        """Give the row number behind an integer."""
        return self._rows[row][1]

    def place(self, form: str, number: str) -> int | None:
        """Tell where in the form the row stands, from 0."""
        return self._places[form].get(number)  # type: ignore[call-overload,no-any-return]

    def scored(self, form: str) -> tuple[int, ...]:
        """Give the integers of the rows that are worth points."""
        return tuple(self._ids[form, row.number] for row in self._forms[form].rows if row.is_scored)

    def is_scored(self, row: int) -> bool:
        """Tell whether a row is worth points, by its integer; a row that no form has any more is not."""
        form, number = self._rows[row]
        found = self._forms[form].row_by_number.get(RowNumber(number)) if form in self._forms else None
        return found is not None and found.is_scored

    def forms_with(self, number: str) -> tuple[str, ...]:
        """Give the forms that have a row of this number, those where it is scored first."""
        found = [
            (not form.row_by_number[row.number].is_scored, key)
            for key, form in self._forms.items()
            for row in form.rows
            if row.number == number
        ]
        return tuple(key for _, key in sorted(found))
