"""Every setting, with a default that works; read from the environment and from ``.env``."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


class Settings(BaseSettings):
    """Settings of one process; each is an environment variable of this name after ``JEMPUTBOLA_``."""

    model_config = SettingsConfigDict(
        env_prefix="JEMPUTBOLA_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = "sqlite+aiosqlite:///var/jemputbola.db"
    """Address of the database; a path in it is relative to the working directory."""
    files_folder: Path = Path("var/files")
    """Where evidence is kept."""
    cache_folder: Path = Path("var/cache")
    """Where compiled forms are kept; may be deleted at any time."""
    instrument_folder: Path | None = None
    """Folder of the year's instrument and forms; empty: the one that comes with the program."""

    telegram_token: SecretStr = SecretStr("")
    """Token of the Telegram bot, from @BotFather; empty: no Telegram."""
    telegram_base_url: str = "https://api.telegram.org"
    """Address of the Bot API; a server of one's own is possible."""

    simulator: bool | None = None
    """Serve the simulator, a phone on a web page. Unset: on when no Telegram token is given."""
    simulator_folder: Path = Path("var/simulator")
    """Where the simulator keeps its phones."""
    district: str = "16.07"
    """Added to an empty database when the simulator is on; code of the Kemendagri list, empty: none."""

    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=0, le=65535)
    """Port of the web pages; 0: any free one, which is printed at the start."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    largest_file_mib: int = Field(default=20, ge=1, le=100)
    """Largest evidence file; Telegram hands over at most 20 MB."""
    invitation_days: int = Field(default=60, ge=1, le=365)
    """How long an invitation can be used."""

    @field_validator("telegram_token")
    @classmethod
    def _is_a_token(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and not TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("expected digits, a colon and letters, as @BotFather gives it")
        return token

    @field_validator("telegram_base_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def has_telegram(self) -> bool:
        """Tell whether a Telegram bot is configured."""
        return bool(self.telegram_token.get_secret_value())

    @property
    def has_simulator(self) -> bool:
        """Tell whether the simulator is served."""
        return not self.has_telegram if self.simulator is None else self.simulator

    @property
    def invitation_life(self) -> timedelta:
        """Give how long an invitation can be used."""
        return timedelta(days=self.invitation_days)
