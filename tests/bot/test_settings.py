"""Settings: defaults that work, and an example file that lists them all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_with_nothing_configured_the_simulator_is_on() -> None:
    settings = Settings()

    assert (settings.has_simulator, settings.has_telegram) == (True, False)


def test_a_telegram_token_switches_the_simulator_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "123:abc")

    assert (Settings().has_simulator, Settings().has_telegram) == (False, True)


def test_both_can_be_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "123:abc")
    monkeypatch.setenv("JEMPUTBOLA_SIMULATOR", "true")

    assert (Settings().has_simulator, Settings().has_telegram) == (True, True)


def test_an_empty_line_in_the_file_means_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JEMPUTBOLA_SIMULATOR=\nJEMPUTBOLA_WEB_PORT=\n", "utf-8")

    assert (Settings().has_simulator, Settings().web_port) == (True, 8000)


def test_the_token_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "123:abcsecret")

    assert "abcsecret" not in repr(Settings())


def test_a_mistyped_token_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "abcsecret")

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert "abcsecret" not in str(raised.value)


def test_the_example_lists_every_setting_with_its_default() -> None:
    listed = dict(re.findall(r"^# JEMPUTBOLA_(\w+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))

    defaults = {name.upper(): default_of(name) for name in Settings.model_fields}

    assert listed == defaults


def default_of(name: str) -> str:
    value = Settings.model_fields[name].default
    return "" if value in (None, ()) or isinstance(value, SecretStr) else str(value)


SECRET = "0123456789abcdef"


def listed(*bots: dict[str, str]) -> str:
    return json.dumps(bots)


def test_several_bots_are_a_list_beside_the_single_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "1:hush")
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_BOTS", listed({"token": "2:def"}, {"token": "3:ghi"}))

    assert [bot.id for bot in Settings().bots] == ["1", "2", "3"]


def test_a_list_of_bots_is_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"JEMPUTBOLA_TELEGRAM_BOTS={listed({'token': '2:def'})}\n", "utf-8")

    assert [bot.id for bot in Settings().bots] == ["2"]


def test_a_bot_with_a_webhook_is_reached_under_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_PUBLIC_URL", "https://kla.example.go.id/bot/")
    bot = {"token": "2:def", "updates": "webhook", "webhook_secret": SECRET}
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_BOTS", listed(bot))

    settings = Settings()

    assert settings.webhook_url(settings.bots[0]) == "https://kla.example.go.id/bot/telegram/2"


WEBHOOK = {"TELEGRAM_TOKEN": "1:hush", "TELEGRAM_UPDATES": "webhook", "TELEGRAM_WEBHOOK_SECRET": SECRET}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"TELEGRAM_BOTS": "1:hush"}, "JSON list"),
        ({"TELEGRAM_BOTS": '{"token": "1:hush"}'}, "JSON list"),
        ({"TELEGRAM_BOTS": listed({"token": ""})}, "at least 1"),
        ({"TELEGRAM_BOTS": listed({"token": "hush"})}, "@BotFather"),
        ({"TELEGRAM_BOTS": listed({"token": "1:hush", "secret": "x"})}, "not permitted"),
        ({"TELEGRAM_BOTS": listed({"token": "1:hush", "library": "telethon"})}, "python-telegram-bot"),
        ({"TELEGRAM_BOTS": listed({"token": "1:hush"}), "TELEGRAM_TOKEN": "1:hush"}, "1 came 2 times"),
        ({"TELEGRAM_BOTS": listed({"token": "1:hush"}), "TELEGRAM_UPDATES": "webhook"}, "JEMPUTBOLA_TELEGRAM_TOKEN"),
        ({"TELEGRAM_TOKEN": "1:hush", "TELEGRAM_UPDATES": "webhook"}, "openssl rand"),
        ({**WEBHOOK, "TELEGRAM_WEBHOOK_SECRET": "short"}, "16 to 256"),
        (WEBHOOK, "JEMPUTBOLA_PUBLIC_URL"),
        ({**WEBHOOK, "PUBLIC_URL": "kla.example.go.id"}, "such as https://"),
        ({**WEBHOOK, "PUBLIC_URL": "http://kla.example.go.id"}, "expected to be https"),
        ({**WEBHOOK, "PUBLIC_URL": "https://kla.example.go.id:8000"}, "port 443"),
    ],
)
def test_what_cannot_be_used_is_explained_without_repeating_a_secret(
    given: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"JEMPUTBOLA_{name}", value)

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert expected in str(raised.value)
    assert not any(secret in str(raised.value) for secret in ("hush", SECRET))


def test_a_server_of_ones_own_delivers_to_any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**WEBHOOK, "PUBLIC_URL": "http://127.0.0.1:8000", "TELEGRAM_BASE_URL": "http://127.0.0.1:8081"}
    for name, value in given.items():
        monkeypatch.setenv(f"JEMPUTBOLA_{name}", value)

    assert Settings().bots[0].updates == "webhook"
