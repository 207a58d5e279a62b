"""The posts of the roster as lists: of a role, of a district, held or vacant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Region, Role
from storage.region_book import RegionBook
from storage.rows import LASTS
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


async def list_posts(
    connection: AsyncConnection, regions: RegionBook, conditions: Sequence[ColumnElement[bool]]
) -> list[ListedPost]:
    """Give the posts that meet the conditions, by code of region, role and office."""
    is_held = exists().where(holding.c.post_id == post.c.id, LASTS)
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
