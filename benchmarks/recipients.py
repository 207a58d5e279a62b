"""Thousands of village heads in one kabupaten, and a broadcast for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.world import BOT, DISTRICTS, now
from conversations.audiences import Audience, BroadcastDraft
from conversations.broadcasts import UNDO_TIME
from conversations.people import Role, Standing
from storage.broadcasts.register import launch
from storage.moments import FOREVER, as_ms
from storage.store import Store
from storage.tables import address, holding, person, post, region

DISTRICT = DISTRICTS[0]
TEXT = "Selamat siang {nama}. Pertemuan gugus tugas KLA hari Senin pukul 09.00 di kantor bupati. {desa} masih {kurang}."
CHUNK = 5_000
ANY_HOUR = """
[hours]
usual = [[00:00:00, 23:59:59]]
friday = [[00:00:00, 23:59:59]]
[hours_in_ramadan]
usual = [[00:00:00, 23:59:59]]
friday = [[00:00:00, 23:59:59]]
[holidays]
removed = [{days}]
"""
"""Rules by which a measurement may be made at any time."""


def write_rules(file: Path) -> Path:
    """Write rules that let messages go now, whatever the hour and the day."""
    days = (datetime.now(UTC) + timedelta(days) for days in (-1, 0, 1))  # noqa: TID251 - a benchmark is its own edge
    file.write_text(ANY_HOUR.format(days=", ".join(f"{each:%Y-%m-%d}" for each in days)), "utf-8")
    return file


async def settle_recipients(store: Store, engine: AsyncEngine, people: int, *, first_chat: int) -> None:
    """Let so many people hold the posts of the district's village heads, each with a chat of their own."""
    at = now()
    await store.roster.add_district(DISTRICT, at.year, at + timedelta(days=60), at=at)
    async with engine.begin() as connection:
        heads = select(post.c.id).join(region).where(post.c.role == Role.VILLAGE_HEAD).order_by(post.c.id)
        posts = (await connection.scalars(heads)).all()
        for start in range(0, people, CHUNK):
            places = range(start, min(start + CHUNK, people))
            names = [{"name": f"Ahmad {place}", "honorific": "Bapak", "language": "id"} for place in places]
            numbers = await _inserted(connection, person, names)
            chats = [
                {"channel": "telegram", "account": BOT, "user": str(first_chat + place), "person_id": number}
                for place, number in zip(places, numbers, strict=True)
            ]
            await connection.execute(insert(address), chats)
            held = [
                {"post_id": posts[place % len(posts)], "person_id": number, **TERM}
                for place, number in zip(places, numbers, strict=True)
            ]
            await connection.execute(insert(holding), held)
        if connection.dialect.name == "postgresql":
            await connection.execute(text("ANALYZE"))  # as autovacuum does within a minute: nobody joins in bulk


async def launch_broadcast(engine: AsyncEngine, *, starts_at: datetime) -> int:
    """Have a broadcast to all of them begin at this moment; give its number."""
    async with engine.begin() as connection:
        district = await connection.scalar(select(region.c.id).where(region.c.code == DISTRICT))
        author = await connection.scalar(select(person.c.id).order_by(person.c.id.desc()).limit(1))
        assert district
        assert author
        draft = BroadcastDraft(Audience(district, roles=(Role.VILLAGE_HEAD,)), TEXT)
        return await launch(connection, draft, author=author, at=as_ms(starts_at - UNDO_TIME))


async def _inserted(connection: AsyncConnection, table: Table, rows: list[dict[str, str]]) -> Sequence[int]:
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return (await connection.scalars(statement, rows)).all()


TERM = {"standing": Standing.DEFINITIVE.value, "since": 0, "until": FOREVER}
