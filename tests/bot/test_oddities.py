"""Every oddity goes through decoding, pipeline, dialog and database: nothing fails, and the answer is the right one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.telegram.decoding import Decoded, decode_update
from bot.composition import load_library
from bot.deciding import Dialog
from bot.pipeline import Pipeline
from bot.settings import Settings
from conversations.actions import FetchFile, Say
from conversations.brief import Brief, Library
from conversations.engine import Step, anticipate, apologise, resume
from conversations.events import Event, FileReceived
from conversations.people import Role, Standing
from conversations.session import Session
from storage.database import connect
from storage.store import Store
from storage.turns import Committed
from tests.bot.clocks import NOON, JumpingClock
from tests.conversations.transcripts import plain_text
from tests.databases import Databases
from tests.telegram_server.oddities import AHMAD, NO_VIDEO, ODDITIES, SIZES, Oddity, message

STRANGER = AHMAD + 1
DUE = datetime(2026, 3, 31, tzinfo=UTC)
DISTRICT, VILLAGE = "17.04", "17.04.01.2001"
MOST_READABLE = 700
"""Characters: a reply fits on a small phone, with the question that it leads back to."""


@dataclass(frozen=True)
class Answered:
    """What became of one update."""

    decoded: Decoded
    said: tuple[str, ...]
    fetched: int
    failed: tuple[str, ...]


class Chats:
    """A pipeline on a database, whose steps can be looked at."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._steps: list[Step] = []
        dialog = Dialog(self._resume, anticipate, apologise)
        self.pipeline = Pipeline(store.begin_turns, dialog, JumpingClock(), _leave)
        self._number = 0

    async def send(self, update: Mapping[str, Any], person: int = AHMAD) -> Answered:
        """Let somebody send something."""
        self._number += 1
        written = json.dumps({"update_id": self._number, **update}).replace(str(AHMAD), str(person))
        decoded = decode_update(written.encode(), bot="1", at=NOON)
        if decoded.envelope is None:
            return Answered(decoded, (), 0, ())
        self._steps.clear()
        await self.pipeline.submit([decoded.envelope])
        actions = [action for step in self._steps for action in step.actions]
        failures = await self.store.failures.list()
        return Answered(
            decoded,
            tuple(plain_text(action.message) for action in actions if isinstance(action, Say)),
            sum(isinstance(action, FetchFile) for action in actions),
            tuple(each.error for each in failures),
        )

    async def write(self, text: str) -> Answered:
        """Let the village head type something."""
        return await self.send(message(text=text))

    def _resume(self, brief: Brief, session: Session, event: Event) -> Step:
        step = resume(brief, session, event)
        self._steps.append(step)
        return step


def _leave(_committed: Committed) -> None:
    """Nothing is delivered."""


@asynccontextmanager
async def chats_at(url: str, library: Library) -> AsyncIterator[Chats]:
    """Open a database in which Ahmad is a village head who is asked for a number."""
    store = Store(connect(url), library)
    chats = Chats(store)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(chats.pipeline.run())
            await appoint(chats)
            yield chats
            chats.pipeline.stop()
    finally:
        await store.close()


async def appoint(chats: Chats) -> None:
    """Make Ahmad the head of a village."""
    roster = chats.store.roster
    await roster.add_district(DISTRICT, 2026, DUE, at=DUE - timedelta(days=60))
    post = await roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post is not None
    code = await roster.issue_invitation(post, Standing.DEFINITIVE, at=NOON, name="Ahmad", expires_at=DUE)
    for text in (f"/start {code}", "ya", "setuju"):
        await chats.write(text)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(Settings(cache_folder=tmp_path_factory.mktemp("forms")))


Played = Mapping[tuple[str, int], Answered]


@pytest.fixture(scope="module")
def played(databases: Databases, library: Library) -> Played:
    """What became of every oddity, from the village head and from a stranger, one after the other."""

    async def play() -> Played:
        found: dict[tuple[str, int], Answered] = {}
        async with chats_at(url, library) as chats:
            for odd in ODDITIES:
                await chats.write("ubah 5")
                found[odd.name, AHMAD] = await chats.send(odd.update)
                found[odd.name, STRANGER] = await chats.send(odd.update, STRANGER)
        return found

    url = databases.new()
    try:
        return asyncio.run(play())
    finally:
        databases.drop(url)


@pytest.mark.parametrize("odd", ODDITIES, ids=[odd.name for odd in ODDITIES])
def test_what_is_odd_gets_the_answer_it_should(played: Played, odd: Oddity) -> None:
    head, stranger = played[odd.name, AHMAD], played[odd.name, STRANGER]

    for found in (head, stranger):
        event = found.decoded.envelope and found.decoded.envelope.event
        assert (type(event) if event else None) is odd.event
        assert odd.problem in found.decoded.problem
        assert bool(odd.problem) == bool(found.decoded.problem)
        assert bool(found.decoded.group) is odd.is_for_group
        assert not found.failed
    is_fetched = odd.event is FileReceived and not odd.says
    assert (head.fetched, stranger.fetched) == (is_fetched, 0)
    assert_says(head, odd.says, is_silent=odd.event is None or is_fetched)
    assert_says(stranger, odd.says_to_stranger, is_silent=odd.event is None)


def assert_says(answered: Answered, words: str, *, is_silent: bool) -> None:
    """Find words in the one reply, or no reply at all."""
    assert len(answered.said) == (0 if is_silent else 1)
    for said in answered.said:
        assert words in said
        assert len(said) <= MOST_READABLE


def test_every_oddity_has_a_name_of_its_own() -> None:
    assert len({odd.name for odd in ODDITIES}) == len(ODDITIES)


async def test_an_album_that_cannot_be_used_is_answered_once(database_url: str, library: Library) -> None:
    async with chats_at(database_url, library) as chats:
        videos = [message(video={"file_id": str(each)}, media_group_id="1") for each in range(5)]
        answered = [await chats.send(video, person) for person in (AHMAD, STRANGER) for video in videos]
        other = await chats.send(message(video={"file_id": "x"}, media_group_id="2"))

    assert [len(each.said) for each in answered] == [1, 0, 0, 0, 0] * 2
    assert NO_VIDEO in other.said[0]


async def test_a_strangers_album_of_photos_is_answered_once(database_url: str, library: Library) -> None:
    async with chats_at(database_url, library) as chats:
        answered = [await chats.send(message(photo=SIZES, media_group_id="1"), STRANGER) for _ in range(3)]

    assert [len(each.said) for each in answered] == [1, 0, 0]
