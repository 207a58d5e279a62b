"""Who takes part: the heads of villages and subdistricts, some secretaries, the coordinator and an official."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime

from bot.rehearsal.habits import HELPED, ON_WHATSAPP, Habit, habit_at
from bot.rehearsal.people import Part, Player, sitting
from conversations.people import Role, Standing
from storage.envelopes import AddressKey
from storage.posts_listed import ListedPost
from storage.roster import Issued
from storage.store import Store

FORMS: Mapping[Role, str] = {Role.VILLAGE_HEAD: "dekela", Role.SUBDISTRICT_HEAD: "kelana"}
"""Who is asked what."""
WATCHING = (Role.COORDINATOR, Role.OFFICIAL)
"""Who answers no form of their own here."""
ON_DUTY = Habit("on duty", 0, (0, 0), heeds=1)
HELPING = Habit("helping", 0, (1, 5), every=(1, 3), steps=(15, 40), is_sending=False)
PREFIXES = {Role.VILLAGE_HEAD: "Kades", Role.SUBDISTRICT_HEAD: "Camat", Role.COORDINATOR: "Koordinator"}
FIRST_USER = 70_001


class Casting:
    """Gives parts to players, one after the other."""

    def __init__(self, store: Store, starts_at: datetime, *, seed: str) -> None:
        self.players: list[Player] = []
        self._store = store
        self._starts_at = starts_at
        self._seed = seed
        self._chance = random.Random(f"{seed} cast")  # noqa: S311 - who is like what guards nothing

    def add(self, post: ListedPost, code: str, habit: Habit, *, helps: bool = False) -> None:
        """Give somebody this part."""
        number = len(self.players) + 1
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - what people do guards nothing
        part = Part(
            number=number,
            name=f"{'Sekdes' if helps else PREFIXES.get(post.role, 'Pejabat')} {post.region.name}",
            address=self._address(number),
            code=code,
            role=post.role,
            region_code=post.region.code,
            habit=habit,
            is_operator=helps,
        )
        form = self._store.library.forms.get(FORMS.get(post.role, ""))
        self.players.append(Player(part, form, chance, self._first_time(part)))

    async def add_head(self, issued: Issued) -> None:
        """Give somebody the part of a head; in some villages the secretary helps."""
        self.add(issued.post, issued.code, habit_at(self._chance.random()))
        if issued.post.role is Role.VILLAGE_HEAD and self._chance.random() < HELPED:
            at, post = self._starts_at, issued.post
            code = await self._store.roster.issue_invitation(post.id, Standing.OPERATOR, at=at)
            self.add(post, code, HELPING, helps=True)

    def _address(self, number: int) -> AddressKey:
        user = FIRST_USER + number
        if self._chance.random() < ON_WHATSAPP:
            return AddressKey("whatsapp", "5", f"ID.{user}")
        return AddressKey("telegram", "1", str(user))

    def _first_time(self, part: Part) -> datetime | None:
        if part.habit.registers is None:
            return None
        return sitting(self._starts_at, part.region_code, self._chance, part.habit.registers)


async def cast_all(store: Store, district: str, starts_at: datetime, *, people: int, seed: str) -> list[Player]:
    """Invite so many heads of the district, its coordinator and its official, and give their parts to players.

    The same seed gives the same people.
    """
    issued = await store.roster.invite_vacant(district, at=starts_at)
    casting = Casting(store, starts_at, seed=seed)
    for each in issued:
        if each.post.role in WATCHING:
            casting.add(each.post, each.code, ON_DUTY)
    heads = [each for each in issued if each.post.role in FORMS]
    for each in sorted(heads, key=lambda one: one.post.region.code)[:people]:  # whole subdistricts, with their camats
        await casting.add_head(each)
    return casting.players
