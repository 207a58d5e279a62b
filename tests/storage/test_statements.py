"""Lists are one parameter, so that a statement's text is the same for one value and for hundreds."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.statements import Statement, given
from storage.store import Store
from storage.tables import address, message_topic

TEXTS = ["a", "", "with 'quotes' and \\ and \"", "baris\nbaru", "😀", "{1,2}", "[1]", "null"]


@pytest.mark.parametrize("many", [0, 1, 2, 2000])
async def test_given_rows_come_back_as_they_were_in_order(store: Store, many: int) -> None:
    columns = (message_topic.c.address_id, message_topic.c.message_id)
    statement = Statement(lambda dialect: select(given(dialect, *columns)))
    numbers = [2**62 - each for each in range(many)]
    texts = [TEXTS[each % len(TEXTS)] for each in range(many)]

    async with store._database.reading("Reading lists") as connection:
        rows = await statement.fetch(connection, {"address_id": numbers, "message_id": texts})

    assert [tuple(row) for row in rows] == list(zip(numbers, texts, strict=True))


async def test_a_single_given_column_comes_back_as_it_was(store: Store) -> None:
    statement = Statement(lambda dialect: select(given(dialect, address.c.user)))

    async with store._database.reading("Reading a list") as connection:
        rows = await statement.fetch(connection, {"user": TEXTS})

    assert [text for (text,) in rows] == TEXTS
