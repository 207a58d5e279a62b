"""Everybody in the race asks the same questions, checks what is typed, and keeps what was answered."""

from __future__ import annotations

import importlib
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from benchmarks.measuring import Watch
from benchmarks.peers.contestants import CONTESTANTS, Contestant
from benchmarks.peers.jemput_bola import fill
from benchmarks.peers.port import Bot
from benchmarks.peers.questions import answer_of, answers_of, questions, tapped, typed
from benchmarks.peers.race import Killing, answer_all, updates_of
from tests.databases import SqliteDatabases, Template

PEOPLE = range(1, 4)
ONE_PROCESS_ON_FILES = [each for each in CONTESTANTS if each.kind != "postgresql"]
REGISTERED = Template("registered", lambda url: fill(url, len(PEOPLE)))


@pytest.fixture(params=ONE_PROCESS_ON_FILES, ids=lambda contestant: contestant.name)
def contestant(request: pytest.FixtureRequest) -> Contestant:
    found: Contestant = request.param
    return found


@pytest.fixture
def place(contestant: Contestant, tmp_path: Path) -> str:
    return SqliteDatabases(tmp_path).new(REGISTERED) if contestant.kind == "sqlite" else str(tmp_path)


def opened(contestant: Contestant, place: str) -> AbstractAsyncContextManager[Bot]:
    module, _, function = contestant.opens.partition(":")
    bot: AbstractAsyncContextManager[Bot] = getattr(importlib.import_module(f"benchmarks.peers.{module}"), function)(
        place
    )
    return bot


async def test_every_answer_is_kept_and_what_outlives_a_power_cut_is_there_again(
    contestant: Contestant, place: str
) -> None:
    async with opened(contestant, place) as bot:
        await bot.begin(PEOPLE)

        await answer_all(bot, [(chat, updates_of(chat)) for chat in PEOPLE], Watch(), Killing(0))

        kept = await bot.answers(PEOPLE)
        is_durable = bool(await bot.durability())
    assert {chat: dict(kept[chat]) for chat in PEOPLE} == {chat: answers_of(chat) for chat in PEOPLE}
    if is_durable:
        async with opened(contestant, place) as again:
            assert await again.answers(PEOPLE) == kept


async def test_a_number_that_is_too_large_is_asked_again(contestant: Contestant, place: str) -> None:
    number = questions()[1].key
    async with opened(contestant, place) as bot:
        await bot.begin(PEOPLE)
        choice = answer_of(1, 0)
        await bot.handle(tapped(1, 1, questions()[0], bot.button(1, 0, choice)))

        await bot.handle(typed(2, 1, "10000"))
        refused = dict((await bot.answers(PEOPLE))[1])
        await bot.handle(typed(3, 1, "9999"))
        accepted = dict((await bot.answers(PEOPLE))[1])

    assert number not in refused
    assert accepted[number] == "9999"
