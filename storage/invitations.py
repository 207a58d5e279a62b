"""Invitations: single-use codes that give a post; only a code's hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import CODE_CHARACTERS
from conversations.people import Standing
from storage.moments import MILLISECOND
from storage.tables import invitation

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without I, L, O, 0 and 1, which look alike on paper."""
LIFE = timedelta(days=60)


def new_code(characters: int = CODE_CHARACTERS) -> str:
    """Give a code that nobody can foresee."""
    return "".join(secrets.choice(ALPHABET) for _ in range(characters))


def code_hash(code: str) -> str:
    """Give what is kept of a code, however it was typed: ``abcde-fghjk`` is ``ABCDEFGHJK``."""
    plain = re.sub(r"[\s\-.]", "", code).upper()
    return hashlib.sha256(plain.encode()).hexdigest()


async def insert_invitation(  # noqa: PLR0913 - the columns of one row
    connection: AsyncConnection,
    code: str,
    *,
    post: int,
    standing: Standing,
    name: str,
    at: int,
    honorific: str = "",
    expires_at: int | None = None,
) -> int:
    """Insert an invitation with this code; it lives 60 days unless said otherwise. Give its number."""
    row = {
        "code_hash": code_hash(code),
        "post_id": post,
        "standing": standing,
        "name": name,
        "honorific": honorific,
        "issued_at": at,
        "expires_at": at + LIFE // MILLISECOND if expires_at is None else expires_at,
    }
    number: int = (await connection.execute(insert(invitation).returning(invitation.c.id), row)).scalar_one()
    return number
