"""Whose phone it can be: the kinds of phones, and finding a post to open one for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args
from zlib import crc32

import msgspec

from conversations.people import Role, Standing

PhoneKind = Literal["village_head", "subdistrict_head", "operator", "office", "coordinator", "official", "stranger"]

HELD: Mapping[PhoneKind, tuple[Role, Standing]] = {
    "village_head": (Role.VILLAGE_HEAD, Standing.DEFINITIVE),
    "subdistrict_head": (Role.SUBDISTRICT_HEAD, Standing.DEFINITIVE),
    "operator": (Role.VILLAGE_HEAD, Standing.OPERATOR),
    "office": (Role.OFFICE, Standing.DEFINITIVE),
    "coordinator": (Role.COORDINATOR, Standing.DEFINITIVE),
    "official": (Role.OFFICIAL, Standing.DEFINITIVE),
}
"""Which post somebody with such a phone holds, and how; a stranger holds none."""

OWNERS = (
    ("Ahmad Fauzi", "Bapak"),
    ("Siti Aminah", "Ibu"),
    ("Rusdi Hartono", "Bapak"),
    ("Nurhayati", "Ibu"),
    ("Sri Wahyuni", "Ibu"),
    ("Herman Saputra", "Bapak"),
    ("Dewi Lestari", "Ibu"),
    ("Zainal Abidin", "Bapak"),
    ("Yusuf Effendi", "Bapak"),
    ("Lina Marlina", "Ibu"),
    ("Hendra Gunawan", "Bapak"),
    ("Budi Santoso", "Bapak"),
    ("Ratna Sari", "Ibu"),
    ("Bambang Irawan", "Bapak"),
    ("Fatimah", "Ibu"),
    ("Agus Setiawan", "Bapak"),
    ("Rahmat Syukri", "Bapak"),
    ("Rina Oktavia", "Ibu"),
    ("Joko Susilo", "Bapak"),
    ("Maryam Hasan", "Ibu"),
    ("Arif Budiman", "Bapak"),
)
"""Made-up people, of each kind of phone in turn; a demonstration that says "Bapak Ahmad" reads like the real thing."""


class PostFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """A post as the search box lists it."""

    key: str
    """Names the post, also when the database is filled anew."""
    role: Role
    region: str
    subdistrict: str = ""
    district: str = ""
    is_ward: bool = False
    """A kelurahan, whose head is called lurah."""
    office: str = ""


class Posts(Protocol):
    """The posts of the districts that this machine serves."""

    async def list(self, role: Role) -> Sequence[PostFound]:
        """Give all posts of a role, in the order of the region codes."""
        ...

    async def invite(self, key: str, standing: Standing, name: str, honorific: str) -> str:
        """Issue a single-use invitation and give its code."""
        ...


def matching(posts: Sequence[PostFound], words: str) -> list[PostFound]:
    """Find the posts in whose names every word occurs; those whose region begins so come first."""
    wanted = words.casefold().split()
    found = [post for post in posts if all(word in _searched(post) for word in wanted)]
    return sorted(found, key=lambda post: not post.region.casefold().startswith(" ".join(wanted)))


def owner_of(kind: PhoneKind, key: str) -> tuple[str, str]:
    """Give the made-up name and honorific of whoever plays this post: always the same, and another for each kind."""
    kinds = get_args(PhoneKind)
    theirs = OWNERS[kinds.index(kind) :: len(kinds)]
    return theirs[crc32(key.encode()) % len(theirs)]


def _searched(post: PostFound) -> str:
    return f"{post.region} {post.subdistrict} {post.district} {post.office}".replace("_", " ").casefold()
