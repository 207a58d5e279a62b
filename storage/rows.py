"""Rows of the tables as the conversation's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from conversations.brief import Library
from conversations.people import Assignment, Person, Post, Role, Standing
from conversations.session import NEW_SESSION, SESSION_VERSION, Session
from conversations.sheets import RowMark, Sheet
from storage.moments import FOREVER, from_optional_ms
from storage.region_book import RegionBook
from storage.tables import assignment, holding, person, post, sheet
from storage.turn_state import StoredSheet
from storage.window_rows import decode_windows

ROLES: Mapping[str, Role] = {each.value: each for each in Role}
STANDINGS: Mapping[str, Standing] = {each.value: each for each in Standing}
encode = msgspec.json.Encoder().encode
_sheets = msgspec.json.Decoder(Sheet)
_sessions = msgspec.json.Decoder(Session)

LASTS = holding.c.until == FOREVER
"""A post is held; whatever the clock says, because it may have been wrong when somebody took the post or lost it."""
PERSON = (person.c.id, person.c.name, person.c.honorific, person.c.language, person.c.consented_at)
POST = (post.c.id, post.c.role, post.c.region_id, holding.c.standing, post.c.office)
ASSIGNMENT = tuple(
    assignment.c[name] for name in ("id", "form", "region_id", "cycle_id", "windows", "progress", "sent_at")
)
SHEET = (sheet.c.assignment_id, sheet.c.form_row_id, sheet.c.body, sheet.c.mark, sheet.c.share, sheet.c.approved_share)
"""Columns as the readers below want them: rows are taken apart by place, which costs a tenth of doing it by name."""


def read_person(row: Sequence[Any]) -> Person:
    """Give the person of a row of ``PERSON``."""
    number, name, honorific, language, consented_at = row
    return Person(number, name, honorific, language, from_optional_ms(consented_at))


def read_post(row: Sequence[Any], regions: RegionBook) -> Post:
    """Give the post that somebody holds, of a row of ``POST``."""
    number, role, region, standing, office = row
    return Post(number, ROLES[role], regions.region(region), STANDINGS[standing], office)


def read_assignment(row: Sequence[Any], regions: RegionBook, library: Library) -> Assignment:
    """Give the assignment of a row of ``ASSIGNMENT``, with the version of its form that is in use now."""
    number, key, region, cycle, windows, progress, sent_at = row
    form = library.forms[key]
    return Assignment(
        id=number,
        form=key,
        version=form.version,
        region=regions.region(region),
        cycle=cycle,
        windows=decode_windows(windows),
        progress=progress.ljust(len(form.rows), RowMark.UNTOUCHED),
        sent_at=from_optional_ms(sent_at),
    )


def read_sheet(row: Sequence[Any]) -> StoredSheet:
    """Give what the database holds of a row of ``SHEET``."""
    _, _, body, mark, share, approved_share = row
    return StoredSheet(_sheets.decode(body), mark, share, approved_share)


def read_session(body: str | None) -> Session | None:
    """Give the session; ``None`` when there is one that cannot be read any more."""
    if body is None:
        return NEW_SESSION
    try:
        session = _sessions.decode(body)
    except msgspec.MsgspecError:
        return None
    return session if session.version == SESSION_VERSION else None
