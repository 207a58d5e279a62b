"""Looking after WhatsApp numbers: templates, costs, what the doctor says, records of messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, update

from bot.channels.whatsapp.approval import Standing, compare
from bot.channels.whatsapp.costs import RATES, RatesError, cost, load_rates
from bot.channels.whatsapp.templates import load_templates
from bot.cli import main
from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.diagnosis import Finding, diagnose
from bot.settings import Settings
from conversations.actions import Say
from conversations.messages import Message
from storage.charges import Charged
from storage.outbox import Sender, Sent
from storage.outbox_states import UNTIL_HEARD
from storage.reaching import Because
from storage.tables import charge, outbox
from tests.bot.whatsapp.channels import VERIFY_TOKEN
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, take, text_from
from tests.whatsapp_server import Fault, WhatsAppServer
from tests.whatsapp_server.graph import Number

Command = Callable[..., Result]
TEMPLATES = load_templates()
SUBMITTED = [TEMPLATES.as_submitted(*each) for each in TEMPLATES]


@pytest.fixture
def number(server: WhatsAppServer) -> Number:
    return server.number("200100")


@pytest.fixture
def jemputbola(server: WhatsAppServer, number: Number, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    settings = {
        "BASE_URL": server.url,
        "NUMBER_ID": number.id,
        "TOKEN": number.token,
        "APP_SECRET": number.app_secret,
        "VERIFY_TOKEN": VERIFY_TOKEN,
        "ACCOUNT": number.account,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"JEMPUTBOLA_WHATSAPP_{name}", value)
    monkeypatch.setenv("JEMPUTBOLA_PUBLIC_URL", "https://kla.example.go.id")
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(main, words, catch_exceptions=False)


def test_what_is_missing_is_submitted_once(jemputbola: Command, number: Number) -> None:
    before = jemputbola("whatsapp", "templates", "check")
    first = jemputbola("whatsapp", "templates", "submit")
    again = jemputbola("whatsapp", "templates", "submit")

    assert (before.exit_code, before.output.count("missing; submit it")) == (1, len(SUBMITTED))
    assert f"{number.account}: {len(SUBMITTED)} submitted" in first.output
    assert "kabar_menunggu [id]: pending" in first.output
    assert f"{number.account}: 0 submitted" in again.output
    assert len(number.templates) == len(SUBMITTED)


def test_approved_templates_are_in_order(jemputbola: Command, number: Number) -> None:
    number.approve(TEMPLATES)

    result = jemputbola("whatsapp", "templates", "check")

    assert (result.exit_code, result.output.count(": approved\n")) == (0, len(SUBMITTED))


@pytest.mark.parametrize(
    ("changed", "standing", "said"),
    [
        ({"status": "REJECTED", "rejected_reason": "INVALID_FORMAT"}, Standing.REJECTED, "rejected (invalid_format); "),
        ({"status": "PAUSED"}, Standing.STOPPED, "stopped (paused); look in WhatsApp Manager"),
        ({"status": "IN_APPEAL"}, Standing.PENDING, "pending; wait"),
        ({}, Standing.STOPPED, "no status is told"),
        ({"status": "APPROVED", "category": "MARKETING"}, Standing.DIFFERENT, "different (category)"),
        (
            {"status": "APPROVED", "components": [{"type": "BODY", "text": "Lain"}]},
            Standing.DIFFERENT,
            "different (text and buttons); make the two alike",
        ),
    ],
)
def test_each_standing_of_a_template_comes_with_what_to_do(
    changed: dict[str, Any], standing: Standing, said: str
) -> None:
    there = [{**SUBMITTED[0], **changed}, *({**each, "status": "APPROVED"} for each in SUBMITTED[1:])]

    first, *others = compare(TEMPLATES, there)

    assert (first.standing, said in str(first), {each.standing for each in others}) == (
        standing,
        True,
        {Standing.APPROVED},
    )


def test_templates_without_an_account_are_refused_with_the_way_out(
    jemputbola: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_ACCOUNT", "")

    result = jemputbola("whatsapp", "templates", "check")

    assert result.exit_code == 1
    assert "JEMPUTBOLA_WHATSAPP_ACCOUNT" in result.output


def test_two_numbers_of_one_account_are_looked_at_once(
    jemputbola: Command, server: WhatsAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = server.number("200200")
    listed = {"id": second.id, "token": second.token, "app_secret": second.app_secret, "verify_token": VERIFY_TOKEN}
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_NUMBERS", json.dumps([{**listed, "account": second.account}]))

    assert jemputbola("whatsapp", "templates", "check").output.count("WhatsApp Business Account") == 1


def charged(category: str, messages: int, billable: int, *, via: str = "whatsapp:1", market: str = "ID") -> Charged:
    return Charged(via, 202603, category, market, messages, billable)


def test_costs_are_exact_and_the_first_replies_of_a_number_are_free() -> None:
    rates = load_rates()
    charges = [
        charged("marketing", 3, 3),
        charged("service", 900, 900),
        charged("service", 300, 300, market="MY"),
        charged("utility", 25, 20),
        charged("service", 1200, 1100, via="whatsapp:2"),
        charged("service", 1200, 100, via="whatsapp:3"),
        charged("referral", 1, 1, via="whatsapp:3"),
    ]

    found = cost(charges, rates)

    assert [each.paid for each in found] == [3, 0, 200, 20, 200, 100, 1]
    assert [each.rupiah for each in found] == [
        Fraction("2034.45"),
        0,
        None,
        20 * 330,
        200 * 330,
        100 * 330,
        None,
    ]


@pytest.mark.parametrize(
    ("instead_of", "stands"),
    [("16500", "-1"), ('"0.0411"', '"mahal"'), ("as_of", "since"), ("= 1000", "= -1"), ("16500", "NaN")],
)
def test_a_card_of_rates_that_cannot_be_used_is_refused(tmp_path: Path, instead_of: str, stands: str) -> None:
    card = tmp_path / "rates.toml"
    card.write_text(RATES.read_text(encoding="utf-8").replace(instead_of, stands), encoding="utf-8")

    with pytest.raises(RatesError, match=r"rates\.toml"):
        load_rates(card)


async def fill(rows: list[Charged]) -> None:
    async with opened(Settings()) as store, store._database.writing("Charging") as connection:
        await connection.execute(insert(charge), [each._asdict() for each in rows])
        await connection.commit()


def test_the_costs_of_a_month_are_told_for_each_number(
    jemputbola: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_loop(fill([charged("utility", 25_000, 20_000), charged("service", 10, 10, via="whatsapp:2", market="")]))

    said = jemputbola("whatsapp", "costs", "--month", "2026-03").output
    other = jemputbola("whatsapp", "costs", "--month", "2026-04").output
    card = tmp_path / "mine.toml"
    card.write_text(RATES.read_text("utf-8").replace("is_checked = false", "is_checked = true"), encoding="utf-8")
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_RATES", str(card))
    checked = jemputbola("whatsapp", "costs").output

    assert "whatsapp:1, 2026-03" in said
    assert "Rp 6.600.000" in said
    assert "no rate" in said
    assert "NOT CHECKED" in said
    assert "No delivered messages were charged in 2026-04" in other
    assert "NOT CHECKED" not in checked


def look() -> Finding:
    return in_loop(diagnose(Settings(), ["whatsapp"]))[0]


def test_the_doctor_finds_a_number_in_order(jemputbola: Command, number: Number) -> None:
    number.approve(TEMPLATES)

    found = look()

    assert found.is_well
    assert found.said == "+62 811-000-001 KLA Banyuasin, quality GREEN, throughput STANDARD"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"code_verification_status": "NOT_VERIFIED"}, "it is not verified: have a code sent"),
        ({"status": "PENDING"}, "it is pending, and connected was expected"),
        ({"quality_rating": "RED"}, "its quality is low"),
    ],
)
def test_the_doctor_says_what_is_wrong_with_a_number(
    jemputbola: Command, number: Number, about: dict[str, Any], said: str
) -> None:
    number.approve(TEMPLATES)
    number.about |= about

    assert (look().is_well, said in look().said) == (False, True)


def test_the_doctor_says_all_that_is_missing_at_once(
    jemputbola: Command, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    number.apps.clear()
    monkeypatch.setenv("JEMPUTBOLA_PUBLIC_URL", "")

    said = look().said

    rest = f"and {len(SUBMITTED) - 1} more"
    for part in ("no app is subscribed", "kabar_menunggu [id]: missing", rest, "JEMPUTBOLA_PUBLIC_URL"):
        assert part in said


def test_the_doctor_sees_that_messages_are_brought_elsewhere(jemputbola: Command, number: Number) -> None:
    number.approve(TEMPLATES)
    number.apps[0]["override_callback_uri"] = "https://old.example/whatsapp"

    assert "https://kla.example.go.id/whatsapp was expected" in look().said


def test_the_doctor_says_what_a_token_has_to_be(
    jemputbola: Command, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_TOKEN", "EAA-revoked")

    said = look().said

    assert "error 190" in said
    assert "whatsapp_business_management" in said
    assert "EAA-revoked" not in said


def test_the_doctor_wants_the_account(jemputbola: Command, number: Number, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_ACCOUNT", "1234567")
    other_account = look().said
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_ACCOUNT", "")

    assert "Meta gives nothing about account 1234567" in other_account
    assert "JEMPUTBOLA_WHATSAPP_ACCOUNT was expected" in look().said


def test_metas_own_trouble_is_no_fault_of_the_number(jemputbola: Command, number: Number) -> None:
    number.faults.append(Fault("find", 500, code=2))

    found = look()

    assert (found.is_well, "make a token" in found.said) == (False, False)


async def say_and_hold() -> None:
    async with opened(Settings()) as store:
        await take(store, text_from("a", 1), Say(Message("rahasia")))
        (row,) = await store.outbox.claim(NOW, sender=Sender("telegram:1", 1), room=MUCH_ROOM)
        await store.outbox.record([Sent(row.id, "m-1")], NOW, sender=Sender("telegram:1", 1))
        await take(store, text_from("a", 2), Say(Message("rahasia")))
        async with store._database.writing("Holding a message") as connection:
            held = {"not_before": UNTIL_HEARD, "chosen_because": Because.WAITS}
            await connection.execute(update(outbox).where(outbox.c.id == 2).values(held))
            await connection.commit()


def test_the_record_of_a_message_explains_where_it_goes_and_shows_no_text(jemputbola: Command) -> None:
    in_loop(say_and_hold())

    sent, held = (jemputbola("outbox", "show", str(number)).output for number in (1, 2))
    listed = jemputbola("outbox", "list").output.splitlines()
    only_held = jemputbola("outbox", "list", "--state", "held").output.splitlines()
    only_sent = jemputbola("outbox", "list", "--state", "sent").output.splitlines()
    none = jemputbola("outbox", "show", "77")

    assert "Message 1: sent" in sent
    assert "there because: it answers what came from there" in sent
    assert "channel's id: m-1" in sent
    assert "Message 2: held" in held
    assert "it waited until they wrote, or still does" in held
    assert "rahasia" not in sent + held + "".join(listed)
    assert [len(each) for each in (listed, only_held, only_sent)] == [2, 1, 1]
    assert (none.exit_code, "77 is none" in none.output) == (1, True)
