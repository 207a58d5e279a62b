"""The coordinator changes the calendar in a turn: it holds at once, for the steps that follow too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversations.actions import Extend, SetTimes
from conversations.brief import Brief
from conversations.calendar import Times, Window
from conversations.engine import Step
from conversations.needs import CalendarNeed, ShownCalendar
from conversations.people import Post, Role
from conversations.session import Home, Session
from storage.errors import StorageError
from storage.store import Store
from tests.storage.forms import DUE, NOW
from tests.storage.people import KAUR, OTHER_VILLAGE, VILLAGE, appoint, text_from

DAY = timedelta(days=1)
AT_HOME = Session(place=Home())
LONGER = Times("pengisian", "", None, DUE + DAY, DUE + 2 * DAY)


async def coordinate(store: Store) -> Brief:
    return await appoint(store, "siti", KAUR, Role.COORDINATOR)


async def test_times_hold_at_once_for_the_steps_that_follow(kaur: Store) -> None:
    siti = await coordinate(kaur)
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    district, cycle = siti.posts[0].region.id, head.assignments[0].cycle
    change, after = text_from("siti", 1), text_from("head", 2)
    need = CalendarNeed(district)
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([change, after])
        await turns.fetch([need])
        before = turns.brief(change).find(need)

        turns.apply(change, Step(AT_HOME, (SetTimes(cycle, district, LONGER),)))
        await turns.fetch([need])

        changed, seen = turns.brief(change).find(need), turns.brief(after)
        await turns.commit()

    assert isinstance(before, ShownCalendar)
    assert isinstance(changed, ShownCalendar)
    assert before.calendar.times == (Times("pengisian", "", None, DUE, DUE),)
    assert changed.calendar.times == (LONGER,)
    assert seen.assignments[0].windows == (Window("pengisian", None, DUE + DAY, DUE + 2 * DAY),)
    assert await kaur.calendar.plan_news(NOW + DAY) == 1  # the head; whoever changed it knows


async def test_an_extension_is_for_the_post_of_the_region_and_role(kaur: Store) -> None:
    siti = await coordinate(kaur)
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    other = await appoint(kaur, "other", OTHER_VILLAGE, Role.VILLAGE_HEAD)
    village, district = head.posts[0].region, siti.posts[0].region.id
    granted = Extend(
        head.assignments[0].cycle, district, Post(0, Role.VILLAGE_HEAD, village), "pengisian", DUE + DAY, "Banjir."
    )
    change, first, second = text_from("siti", 1), text_from("head", 2), text_from("other", 3)
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([change])
        turns.apply(change, Step(AT_HOME, (granted,)))
        await turns.commit()

    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([first, second])
        await turns.fetch([CalendarNeed(district), CalendarNeed(village.id)])
        longer, usual = turns.brief(first).assignments[0], turns.brief(second).assignments[0]
        shown, nothing = (turns.brief(first).find(CalendarNeed(each)) for each in (district, village.id))

    assert longer.windows == (Window("pengisian", None, DUE + DAY, DUE + DAY, head.posts[0].id),)
    assert usual.windows == other.assignments[0].windows
    assert isinstance(shown, ShownCalendar)
    assert [(each.reason, shown.posts[each.post].region) for each in shown.calendar.extensions] == [
        ("Banjir.", village)
    ]
    assert nothing is None


async def test_only_the_coordinator_changes_a_calendar(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    district, cycle = head.posts[0].region.district_id, head.assignments[0].cycle
    change = text_from("head", 1)
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([change])

        with pytest.raises(StorageError, match="coordinator of district"):
            turns.apply(change, Step(AT_HOME, (SetTimes(cycle, district, LONGER),)))


async def test_what_is_no_post_of_the_district_is_not_extended(kaur: Store) -> None:
    siti = await coordinate(kaur)
    here = siti.posts[0].region
    nobody = Post(0, Role.OFFICE, here, office="nothere")
    change = text_from("siti", 1)
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([change])
        granted = Extend(siti.assignments[0].cycle, here.id, nobody, "pengisian", DUE + DAY, "x")
        turns.apply(change, Step(AT_HOME, (granted,)))

        with pytest.raises(StorageError, match="A post of district"):
            await turns.commit()
