"""What Meta reports about messages it took: what each error leads to, and the way from the webhook to the outbox."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.backoff import Backoff
from bot.channels.whatsapp.markets import market_of
from bot.channels.whatsapp.reports import Verdicts
from bot.cli.stores import opened
from bot.settings import Settings
from bot.web import address_of, listen
from bot.whatsapp_number import WEBHOOK_PATH
from storage.moments import as_ms
from storage.outbox import Closed, Failed, Gone, Later, OptedOut, Outcome, Priority, Retry, UntilHeard
from storage.outbox_states import OutboxState
from storage.reaching import Because
from storage.statuses import DeliveryStatus
from storage.tables import charge, outbox
from tests.bot.clocks import NOON
from tests.bot.programs import running
from tests.bot.store import row
from tests.bot.whatsapp.channels import VERIFY_TOKEN
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.graph import Number
from tests.whatsapp_server.messages import Bubble

VERDICTS = Verdicts(Backoff(timedelta(seconds=1), timedelta(minutes=5), random.Random(1)))
DAY = timedelta(days=1)
REPORTED_AT = datetime.fromtimestamp(1767225600, UTC)
"""As the server has it."""


def report(status: str = "failed", *errors: int, **more: Any) -> DeliveryStatus:
    return DeliveryStatus("200100", "wamid.1", status, NOON, tracker="7", errors=errors, **more)


REMINDER = replace(row(7, at=NOON, priority=Priority.REMINDER), attempts=1)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (131047, Closed),
        (132015, UntilHeard),
        (131050, OptedOut),
        (131026, Gone),
        (131062, Gone),
        (131049, Later),
        (131053, Failed),
    ]
    + [(code, Retry) for code in (131056, 130429, 80007, 131048, 131057, 2, 190)],
)
def test_a_failure_that_comes_minutes_later_leads_to_what_its_code_says(code: int, outcome: type[Outcome]) -> None:
    found = VERDICTS.judge(REMINDER, report("failed", code), NOON + timedelta(minutes=3))

    assert type(found) is outcome


def test_a_chat_is_closed_for_whoever_did_not_write_after_the_report() -> None:
    found = VERDICTS.judge(replace(REMINDER, heard_at=NOON + DAY), report("failed", 131047), NOON + 2 * DAY)

    assert isinstance(found, Closed)
    assert found.at == NOON


def test_a_message_that_keeps_finding_its_chat_closed_is_given_up() -> None:
    found = VERDICTS.judge(replace(REMINDER, attempts=5), report("failed", 131047), NOON)

    assert isinstance(found, Failed)


def test_one_message_too_many_rests_for_a_day_at_most_twice() -> None:
    found = [VERDICTS.judge(REMINDER, report("failed", 131049), NOON + n * DAY) for n in range(3)]

    assert [type(each) for each in found] == [Later, Later, Failed]
    assert isinstance(found[0], Later)
    assert found[0].not_before == NOON + DAY


def test_a_reply_is_not_moved_because_its_reader_wants_no_broadcasts() -> None:
    found = VERDICTS.judge(replace(REMINDER, priority=Priority.REPLY), report("failed", 131050), NOON)

    assert isinstance(found, OptedOut)
    assert found.is_reply


def test_a_notice_whose_template_cannot_be_used_is_given_up() -> None:
    notice = replace(REMINDER, chosen_because=Because.NOTICE)

    assert isinstance(VERDICTS.judge(notice, report("failed", 132001), NOON), Failed)


def test_each_wait_for_somebody_written_to_too_quickly_is_longer() -> None:
    waits = []
    for attempts in (1, 2, 3):
        found = VERDICTS.judge(replace(REMINDER, attempts=attempts), report("failed", 131056), NOON)
        assert isinstance(found, Retry)
        waits.append((found.not_before - NOON).total_seconds())

    assert waits == [4, 16, 64]


def test_a_failure_without_a_reason_is_not_tried_for_ever() -> None:
    assert isinstance(VERDICTS.judge(REMINDER, report("failed"), NOON), Failed)


@pytest.mark.parametrize(
    ("told", "is_billable"),
    [
        ({"is_billable": False}, False),
        ({"is_billable": True}, True),
        ({}, True),
        ({"pricing": "regular"}, True),
        ({"pricing": "free_customer_service"}, False),
    ],
)
def test_what_is_charged_is_counted_in_the_month_of_jakarta(told: dict[str, Any], *, is_billable: bool) -> None:
    new_year = datetime(2025, 12, 31, 17, 30, tzinfo=UTC)
    told_of = replace_at(report("delivered", category="utility", recipient="ID.5", **told), new_year)

    found = VERDICTS.charge(told_of)

    assert found == (202601, "utility", "ID", is_billable)


def replace_at(told: DeliveryStatus, at: datetime) -> DeliveryStatus:
    return DeliveryStatus(**{name: getattr(told, name) for name in told.__struct_fields__} | {"at": at})


def test_a_report_without_a_category_charges_nothing() -> None:
    assert VERDICTS.charge(report("sent")) is None


@pytest.mark.parametrize(
    ("recipient", "phone", "market"),
    [
        ("ID.7", "", "ID"),
        ("MY.7", "6281", "MY"),
        ("62811", "", "ID"),
        ("62811", "62811", "ID"),
        ("60123", "60123", ""),
        ("", "", ""),
    ],
)
def test_the_price_goes_by_the_country_of_the_person(recipient: str, phone: str, market: str) -> None:
    assert market_of(report(recipient=recipient, phone=phone)) == market


@pytest.fixture
def server() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as found:
        yield found


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as found:
        yield found


@pytest.fixture
def number(server: WhatsAppServer, listening: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Number:
    """A number whose messages come to this program."""
    found = server.number("200100")
    server.do(found.bring_to(f"{address_of(listening)}{WEBHOOK_PATH}"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_BASE_URL", server.url)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_NUMBER_ID", found.id)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_TOKEN", found.token)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_APP_SECRET", found.app_secret)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_VERIFY_TOKEN", VERIFY_TOKEN)
    return found


async def reported(number: Number, bubble: Bubble, *statuses: str) -> None:
    """Have Meta report, and wait until that has been taken."""
    deliveries = number.deliveries
    assert deliveries
    brought = len(deliveries.attempts)
    await number.report(bubble, *statuses)
    assert await number.wait_for(lambda: len(deliveries.attempts) > brought, 20)
    assert deliveries.attempts[-1].status == HTTPStatus.OK


async def test_reports_reach_the_message_they_are_about_once_and_in_any_order(
    server: WhatsAppServer, number: Number, listening: socket.socket
) -> None:
    ahmad = server.person(number, "Ahmad", user_id="ID.1001")

    async with running(listening):
        ahmad.says("halo")
        heard = await ahmad.hears()
        for statuses in (("read", "sent"), ("delivered", "read"), ("read", "delivered", "sent")):
            await asyncio.wrap_future(server.start(reported(number, heard, *statuses)))

    async with opened(Settings()) as store, store._database.reading("Looking at what became of it") as connection:
        found = (await connection.execute(select(outbox).where(outbox.c.id == int(heard.tracker)))).one()
        charges = (await connection.execute(select(charge))).all()
    assert (found.state, found.message_id, found.delivered_at, found.read_at) == (
        OutboxState.SENT,
        heard.id,
        as_ms(REPORTED_AT),
        as_ms(REPORTED_AT),
    )
    assert charges == [("whatsapp:200100", 202601, "service", "ID", 1, 1)]
