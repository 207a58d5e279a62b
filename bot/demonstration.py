"""The roster's posts as the simulator lists them, so that a phone can be opened for any of them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.simulator.posts import PostFound
from bot.clock import Clock
from conversations.brief import Library
from conversations.people import Role, Standing
from conversations.texts import LANGUAGES, texts_for
from conversations.views.naming import office_name
from storage.errors import StorageError
from storage.posts_listed import ListedPost
from storage.roster import Roster

SEPARATOR = "/"
"""Between region code, role and office in a post's key."""


class RosterPosts:
    """Lists posts in the order of region codes, and invites to them."""

    def __init__(self, roster: Roster, clock: Clock, library: Library) -> None:
        self._roster = roster
        self._clock = clock
        self._library = library

    async def list(self, role: Role) -> Sequence[PostFound]:
        """Give all posts of a role, in the order of the region codes."""
        texts = texts_for(LANGUAGES[0])
        posts = await self._roster.posts(role=role)
        return [_found(each, office_name(self._library, each.office, texts)) for each in posts]

    async def invite(self, key: str, standing: Standing, name: str, honorific: str) -> str:
        """Issue a single-use invitation and give its code.

        Raises:
            StorageError: the roster has no such post.
        """
        region, role, office = key.split(SEPARATOR)
        post = await self._roster.find_post(region, Role(role), office)
        if post is None:
            raise StorageError(f"A post on the roster was expected; {key} is none. Add its kabupaten first.")
        return await self._roster.issue_invitation(post, standing, at=self._clock.now(), name=name, honorific=honorific)


def _found(post: ListedPost, office: str) -> PostFound:
    region = post.region
    return PostFound(
        key=SEPARATOR.join((region.code, post.role, post.office)),
        role=post.role,
        region=region.name,
        subdistrict=region.subdistrict,
        district=region.district,
        is_ward=region.is_ward,
        office=office,
    )
