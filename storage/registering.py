"""Who has shown an invitation and not finished registering: only their conversation knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Invitation
from conversations.session import Invited
from storage.invitations import code_hash
from storage.needs.invitations import find_invitations
from storage.rows import read_session
from storage.tables import session
from storage.turn_state import Shared

MARK = '"type":"invited"'
"""What the JSON of such a conversation contains; with quotes, which a person's own words have escaped."""


async def registering(
    connection: AsyncConnection, shared: Shared, at: datetime, people: Collection[int] | None = None
) -> dict[int, Invitation]:
    """Give those of these people (or of all) who are at it, with the invitation, which can still be used.

    Without ``people`` it reads every conversation: for now and then.
    """
    statement = select(session.c.person_id, session.c.body).where(session.c.body.contains(MARK, autoescape=True))
    if people is not None:
        statement = statement.where(session.c.person_id.in_(people))
    shown: dict[int, str] = {}
    for row in await connection.execute(statement.order_by(session.c.person_id)):
        known = read_session(row.body)
        if known and isinstance(known.place, Invited):
            shown[row.person_id] = code_hash(known.place.code)
    found = await find_invitations(connection, shared, set(shown.values()), at)
    usable = {name: invitation for name, (invitation, _) in found.items() if invitation.is_usable}
    return {who: usable[name] for who, name in shown.items() if name in usable}
