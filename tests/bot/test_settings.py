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


def test_a_secret_may_lie_in_a_file_of_systemds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jemputbola_telegram_token").write_text("123:abc\n", "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert [bot.id for bot in Settings().bots] == ["123"]


def test_the_environment_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jemputbola_telegram_token").write_text("123:abc", "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "456:def")

    assert [bot.id for bot in Settings().bots] == ["456"]


def test_the_password_of_the_database_goes_into_its_address_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_DATABASE_PASSWORD", "geh/eim@x")
    monkeypatch.setenv(
        "JEMPUTBOLA_DATABASE_URL", "postgresql+asyncpg://jemputbola@database:5433/jemputbola?ssl=require"
    )

    settings = Settings()

    assert settings.database_url == (
        "postgresql+asyncpg://jemputbola:geh%2Feim%40x@database:5433/jemputbola?ssl=require"
    )
    assert "eim" not in repr(settings)


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///var/x.db", "postgresql+asyncpg://a:b@database/jemputbola"])
def test_a_password_without_a_place_in_the_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_DATABASE_PASSWORD", "secret")
    monkeypatch.setenv("JEMPUTBOLA_DATABASE_URL", url)

    with pytest.raises(ValidationError, match="JEMPUTBOLA_DATABASE_PASSWORD"):
        Settings()


def test_the_page_of_settings_lists_every_one_with_its_default() -> None:
    written = (EXAMPLE.parent / "docs" / "settings.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `JEMPUTBOLA_(\w+)` \| *`?([^|`]*?)`? *\|", written, re.MULTILINE))

    assert listed == {name.upper(): default_of(name) for name in Settings.model_fields}


def test_the_page_of_settings_says_which_are_secrets() -> None:
    written = (EXAMPLE.parent / "docs" / "settings.md").read_text("utf-8")
    said = set(re.findall(r"^\| `JEMPUTBOLA_(\w+)` \|.*a secret.*$", written, re.MULTILINE))

    secrets = {name.upper() for name, field in Settings.model_fields.items() if isinstance(field.default, SecretStr)}

    assert said == secrets | {"DATABASE_URL", "TELEGRAM_BOTS", "WHATSAPP_NUMBERS"}


NUMBER = {"id": "106540352242922", "token": "EAAhush", "app_secret": "hush" * 8, "verify_token": "hush" * 4}
SINGLE = {
    "WHATSAPP_NUMBER_ID": "200300400500",
    "WHATSAPP_TOKEN": "EAAhush",
    "WHATSAPP_APP_SECRET": "hush" * 8,
    "WHATSAPP_VERIFY_TOKEN": "hush" * 4,
}


def test_several_whatsapp_numbers_are_a_list_beside_the_single_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SINGLE.items():
        monkeypatch.setenv(f"JEMPUTBOLA_{name}", value)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_NUMBERS", listed({**NUMBER, "account": "102290129340398"}))

    settings = Settings()

    assert [(each.id, each.account) for each in settings.numbers] == [
        ("200300400500", ""),
        ("106540352242922", "102290129340398"),
    ]
    assert (settings.has_whatsapp, settings.has_simulator) == (True, False)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"WHATSAPP_NUMBERS": "106540352242922"}, '"app_secret"'),
        ({"WHATSAPP_NUMBERS": listed({**NUMBER, "app_secret": ""})}, "at least 1"),
        ({"WHATSAPP_NUMBERS": listed({**NUMBER, "app_secret": "hush"})}, "App settings > Basic"),
        ({"WHATSAPP_NUMBERS": listed({**NUMBER, "verify_token": "hush"})}, "openssl rand"),
        ({"WHATSAPP_NUMBERS": listed({**NUMBER, "id": "+62 811"})}, "pattern"),
        ({"WHATSAPP_NUMBERS": listed(NUMBER, NUMBER)}, "106540352242922 came 2 times"),
        ({**SINGLE, "WHATSAPP_APP_SECRET": ""}, "JEMPUTBOLA_WHATSAPP_APP_SECRET: expected too"),
        ({"WHATSAPP_TOKEN": "EAAhush"}, "JEMPUTBOLA_WHATSAPP_NUMBER_ID and JEMPUTBOLA_WHATSAPP_VERIFY_TOKEN"),
        ({"WHATSAPP_ACCOUNT": "102290129340398"}, "JEMPUTBOLA_WHATSAPP_TOKEN"),
    ],
)
def test_a_whatsapp_number_that_could_not_work_is_refused_with_what_to_do(
    given: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"JEMPUTBOLA_{name}", value)

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert expected in str(raised.value)
    assert "hush" not in str(raised.value)
