"""The arithmetic of the page on scaling follows from the regions, and its SQL does what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from bot.channels.telegram.channel import LIMITS
from bot.leadership import LOOK_EVERY, MARGIN, TERM
from conversations.actions import AnswerChange, SaveSheet
from conversations.needs import SheetNeed
from conversations.people import Role
from conversations.sheets import Answer, RowMark, Sheet
from storage.region_loading import kind_of, read_regions
from tests.databases import PostgresqlDatabases
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.forms import DUE, NOW
from tests.storage.people import KAUR, ONE, VILLAGE, appoint, give_answer, take, text_from

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
ROW = re.compile(r"^\| (?:\*\*)?([A-Z][A-Za-z ]+?)(?:\*\*)? (\|.*) \|$", re.MULTILINE)
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)
REPLIES = 89
"""Of the bot to somebody who answers all of Dekela (``benchmarks.village_heads``)."""
ON_THE_DAY = 1 / 4
"""Part of all answers that come on the last day."""
HOURS = 8
PEAK = 2
"""How much more comes in the busiest hour than in the mean of them."""
BROADCAST_SECONDS = 300
NEWEST = "SELECT max(id) FROM assignment WHERE region_id = (SELECT region_id FROM assignment WHERE id = $1)"
PLACES = (
    "SELECT tableoid::regclass::text, count(*) FROM sheet GROUP BY 1 UNION ALL "
    "SELECT tableoid::regclass::text, count(*) FROM history GROUP BY 1"
)


def counted() -> dict[str, Counter[str]]:
    """Count what lies in each province."""
    names = dict(read_regions())
    found: dict[str, Counter[str]] = {code: Counter() for code in names if kind_of(code) == "province"}
    for province, kinds in found.items():
        kinds.update(kind_of(code) for code, _ in read_regions(province))
    return {names[code]: kinds for code, kinds in found.items()}


def line(kinds: Counter[str]) -> Sequence[str]:
    """Do the arithmetic of a province, or of all."""
    assert LIMITS.rates
    people = kinds["village"] + kinds["subdistrict"]
    on_the_day = people * REPLIES / HOURS / 3600 * PEAK
    return [
        f"{kinds['district']}",
        f"{kinds['subdistrict']:,}",
        f"{kinds['village']:,}",
        f"{people:,}",
        f"{on_the_day * ON_THE_DAY:.1f}",
        f"{ceil(on_the_day * ON_THE_DAY / LIMITS.rates.account_messages)}",
        f"{ceil(on_the_day / LIMITS.rates.account_messages)}",
        f"{people / LIMITS.rates.bulk_messages / 60:.1f}",
        f"{ceil(people / LIMITS.rates.bulk_messages / BROADCAST_SECONDS)}",
    ]


def test_the_table_of_provinces_follows_from_the_regions() -> None:
    written = {name: cells.strip("| ").split(" | ") for name, cells in ROW.findall(PAGE.read_text("utf-8"))}

    provinces = counted()
    country = sum(provinces.values(), Counter[str]())
    assert (len(provinces), country["district"]) == (38, 514)
    assert {name: written.get(name) for name in provinces} == {name: line(each) for name, each in provinces.items()}
    assert written["Indonesia"] == line(country)


@pytest.fixture
def url(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    """A database with a kabupaten that answers."""
    made = postgresql_databases.new(WITH_KAUR)
    yield made
    postgresql_databases.drop(made)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Speak with the database outside of the program."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_closed_cycle_gets_a_partition_of_its_own_and_people_go_on(url: str) -> None:
    (statements,) = SQL.findall(PAGE.read_text("utf-8"))
    before, after = open_store(url), open_store(url)
    head = await appoint(before, "a", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(before, text_from("a", 1), "26.1", "5")
    await before.close()

    async with connected(url) as database:
        await database.execute(statements)
        await give_answer(after, text_from("a", 2), "26.2", "7")
        await after.roster.add_district(KAUR, 2027, DUE, at=NOW)
        next_year = await database.fetchval(NEWEST, head.assignments[0].id)
        sheet = Sheet({"r26_1_q": Answer("6", head.person.id, 0)})
        saved = SaveSheet(next_year, "26.1", sheet, RowMark.COMPLETE, ONE, (AnswerChange("r26_1_q", None, "6"),))
        await take(after, text_from("a", 3), saved, needs=[SheetNeed(next_year, "26.1")])
        found = dict(await database.fetch(PLACES))

    await after.close()
    assert found == {"sheet_until_2026": 2, "sheet_2027": 1, "history_until_2026": 2, "history_2027": 1}


def test_the_page_names_the_seconds_of_a_takeover() -> None:
    said = f"`TERM` ({TERM.seconds} s), `MARGIN` ({MARGIN.seconds} s) and `LOOK_EVERY` ({LOOK_EVERY.seconds} s)"

    assert said in PAGE.read_text("utf-8")
