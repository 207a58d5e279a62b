"""What somebody wants to receive each week is kept for them, and goes when they go."""

from __future__ import annotations

from sqlalchemy import func, select

from conversations.actions import ForgetPerson, Subscribe
from conversations.needs import SubscriptionNeed
from conversations.people import Role
from conversations.session import Lost, Session
from conversations.subscriptions import USUAL, Subscription
from storage.store import Store
from storage.tables import subscription
from tests.storage.people import VILLAGE, appoint, known, take, text_from

FRIDAY = Subscription(slot=4 * 1440 + 960, is_always=True)


async def kept(store: Store) -> int:
    async with store._database.reading("Counting subscriptions") as connection:
        return await connection.scalar(select(func.count()).select_from(subscription)) or 0


async def test_who_has_said_nothing_has_the_usual_one(kaur: Store) -> None:
    brief = await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)

    assert await known(kaur, SubscriptionNeed(brief.person.id)) == USUAL


async def test_the_last_wish_holds(kaur: Store) -> None:
    brief = await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    need = SubscriptionNeed(brief.person.id)

    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(is_on=False)), needs=[need])
    await take(kaur, text_from("ahmad", 2), Subscribe(FRIDAY), needs=[need])

    assert await known(kaur, need) == FRIDAY


async def test_two_wishes_in_one_batch_are_seen_in_order(kaur: Store) -> None:
    brief = await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    need = SubscriptionNeed(brief.person.id)

    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(is_on=False)), Subscribe(FRIDAY), needs=[need])

    assert await known(kaur, need) == FRIDAY


async def test_whoever_is_forgotten_has_ordered_nothing(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(FRIDAY))

    await take(kaur, text_from("ahmad", 2), ForgetPerson(), session=Session(place=Lost()))

    assert await kept(kaur) == 0
