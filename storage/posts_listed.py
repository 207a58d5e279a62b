"""The posts of the roster as lists: of a role, of a district, held or vacant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Region, Role
from storage.moments import as_ms
from storage.region_book import RegionBook
from storage.tables import holding, post, region


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post on the roster."""

    id: int
    role: Role
    region: Region
    office: str
    is_held: bool
    """Somebody holds it now, in whatever standing."""


def holds_at(at: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Give the conditions that a holding lasts at this moment."""
    return holding.c.since <= as_ms(at), holding.c.until > as_ms(at)


async def list_posts(
    connection: AsyncConnection, regions: RegionBook, at: datetime, conditions: Sequence[ColumnElement[bool]]
) -> list[ListedPost]:
    """Give the posts that meet the conditions, by code of region, role and office."""
    is_held = exists().where(holding.c.post_id == post.c.id, *holds_at(at))
    statement = (
        select(post, is_held.label("is_held"))
        .join(region, region.c.id == post.c.region_id)
        .where(*conditions)
        .order_by(region.c.code, post.c.role, post.c.office)
    )
    rows = (await connection.execute(statement)).all()
    await regions.know(connection, {row.region_id for row in rows})
    return [
        ListedPost(row.id, Role(row.role), regions.region(row.region_id), row.office, is_held=bool(row.is_held))
        for row in rows
    ]


def in_district(code: str) -> ColumnElement[bool]:
    """Give the condition that a region lies in the district of this code, or is it."""
    here = select(region.c.id).where(region.c.code == code, region.c.kind == "district").scalar_subquery()
    return region.c.district_id == here
