"""Settings: defaults that work, and an example file that lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

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

    assert "secret" not in repr(Settings())


def test_a_mistyped_token_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_TOKEN", "abcsecret")

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert "secret" not in str(raised.value)


def test_the_example_lists_every_setting_with_its_default() -> None:
    listed = dict(re.findall(r"^# JEMPUTBOLA_(\w+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))

    defaults = {name.upper(): default_of(name) for name in Settings.model_fields}

    assert listed == defaults


def default_of(name: str) -> str:
    value = Settings.model_fields[name].default
    return "" if value is None or name == "telegram_token" else str(value)
