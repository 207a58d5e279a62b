"""Copies regions from the table that comes with the program into the database."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import region

FILE = Path(__file__).parent / "regions" / "regions.csv.gz"
KINDS = ("province", "district", "subdistrict", "village")
"""By the number of dots in a code."""
TOP_KINDS = KINDS[:2]
TOP_CODE = r"\d+(?:\.\d+)?"
"""What a province's, kabupaten's or kota's code looks like; taking all 91,600 lines apart takes many times as long."""


def read_regions(prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give code and name of the provinces, kabupaten and kota, or of what lies in the region of this code."""
    table = gzip.decompress(FILE.read_bytes()).decode("utf-8")
    code = rf"{re.escape(prefix)}\.[\d.]+" if prefix else TOP_CODE
    lines = (found[1] for found in re.finditer(rf"\n({code},[^\n]*)", table))
    for code, name in csv.reader(lines):
        yield code, name


def kind_of(code: str) -> str:
    """Tell what a code stands for: ``16.07.01.2001`` is a village."""
    return KINDS[min(code.count("."), len(KINDS) - 1)]


async def load_regions(connection: AsyncConnection, prefix: str = "") -> int:
    """Insert those of ``read_regions`` that are not there yet, those around them before them; tell how many."""
    nearby = or_(region.c.kind.in_(TOP_KINDS), region.c.code.startswith(f"{prefix}."))
    there = await connection.execute(select(region.c.code, region.c.id).where(nearby))
    ids = {row.code: row.id for row in there}
    newest = await connection.scalar(select(func.coalesce(func.max(region.c.id), 0))) or 0
    rows = []
    for code, name in read_regions(prefix):
        if code not in ids:
            newest += 1
            ids[code] = newest
            rows.append({"id": newest, "code": code, "name": name, "kind": kind_of(code), **_around(code, ids)})
    if rows:
        await connection.execute(insert(region), rows)
    return len(rows)


def _around(code: str, ids: dict[str, int]) -> dict[str, int | None]:
    """Give the regions around a region, itself in its own column."""
    parts = code.split(".")
    return {
        f"{kind}_id": ids.get(".".join(parts[: place + 1])) if place < len(parts) else None
        for place, kind in enumerate(KINDS[:3])
    }
