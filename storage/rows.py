"""Rows of the tables as the conversation's types."""

from __future__ import annotations

import msgspec

from conversations.brief import Library
from conversations.people import Assignment, Person, Post, Role, Standing
from conversations.session import NEW_SESSION, SESSION_VERSION, Session
from conversations.sheets import RowMark, Sheet
from storage.moments import from_optional_ms
from storage.region_book import RegionBook
from storage.tables.base import AnyRow
from storage.turn_state import StoredSheet

ROLES_BY_KIND = {
    "village": frozenset({Role.VILLAGE_HEAD}),
    "subdistrict": frozenset({Role.SUBDISTRICT_HEAD}),
    "district": frozenset({Role.OFFICE, Role.COORDINATOR}),
    "province": frozenset[Role](),
}
"""Which posts of a region answer what is assigned to it."""

encode = msgspec.json.Encoder().encode
_sheets = msgspec.json.Decoder(Sheet)
_sessions = msgspec.json.Decoder(Session)


def read_person(row: AnyRow) -> Person:
    """Give the person of a row that has the columns of ``person``, the number under ``person_id``."""
    return Person(
        id=row.person_id,
        name=row.name,
        honorific=row.honorific,
        language=row.language,
        consented_at=from_optional_ms(row.consented_at),
    )


def read_post(row: AnyRow, regions: RegionBook) -> Post:
    """Give the post that somebody holds; the number under ``post_id``."""
    return Post(
        id=row.post_id,
        role=Role(row.role),
        region=regions.region(row.region_id),
        standing=Standing(row.standing),
        office=row.office,
    )


def read_assignment(row: AnyRow, regions: RegionBook, library: Library) -> Assignment:
    """Give an assignment, with the version of its form that is in use now."""
    form = library.forms[row.form]
    return Assignment(
        id=row.id,
        form=row.form,
        version=form.version,
        region=regions.region(row.region_id),
        cycle=row.cycle_id,
        due_at=from_optional_ms(row.due_at),
        progress=row.progress.ljust(len(form.rows), RowMark.UNTOUCHED),
        sent_at=from_optional_ms(row.sent_at),
    )


def read_sheet(row: AnyRow) -> StoredSheet:
    """Give what the database holds of a row."""
    return StoredSheet(_sheets.decode(row.body), row.mark, row.share, row.approved_share)


def read_session(body: str | None) -> Session | None:
    """Give the session; ``None`` when there is one that cannot be read any more."""
    if body is None:
        return NEW_SESSION
    try:
        session = _sessions.decode(body)
    except msgspec.MsgspecError:
        return None
    return session if session.version == SESSION_VERSION else None


def answers_for(post: Post, assignment: Assignment) -> bool:
    """Tell whether a post may answer an assignment."""
    region = assignment.region
    return region.id == post.region.id and post.role in ROLES_BY_KIND[region.kind]
