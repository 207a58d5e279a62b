"""Every setting, with a default that works; read from the environment, from ``.env`` and from files of secrets."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from bot.telegram_bot import Library, TelegramBot, Token, Updates, WebhookSecret, check_webhook
from bot.whatsapp_number import WEBHOOK_PATH, AppSecret, NumberId, VerifyToken, WhatsAppNumber

TELEGRAM = "https://api.telegram.org"
META = "https://graph.facebook.com"
DOCKERS_SECRETS = "/run/secrets"
SYSTEMDS_SECRETS = "CREDENTIALS_DIRECTORY"
"""The variable in which systemd says where ``LoadCredential=`` has put its files."""
BOTS_EXAMPLE = '[{"token": "123:abc", "updates": "webhook", "webhook_secret": "..."}, {"token": "456:def"}]'
NUMBERS_EXAMPLE = '[{"id": "106540352242922", "token": "EAA...", "app_secret": "...", "verify_token": "..."}]'


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

    database_password: SecretStr = SecretStr("")
    """Password of the database where its address has none, so that the address need not be kept secret."""
    database_url: str = Field(default="sqlite+aiosqlite:///var/jemputbola.db", repr=False)
    """Address of the database; a path in it is relative to the working directory."""
    files_folder: Path = Path("var/files")
    """Where evidence is kept."""
    cache_folder: Path = Path("var/cache")
    """Where compiled forms are kept; may be deleted at any time."""
    backup_folder: Path = Path("var/backup")
    """Where ``jemputbola backup`` puts copies; a folder on another disk, or one that is copied to another machine."""
    instrument_folder: Path | None = None
    """Folder of the year's instrument and forms; empty: the one that comes with the program."""
    rules: Path | None = None
    """What goes to people who did not just write, and when: a file like ``conversations/rules.toml``."""

    telegram_token: Token = SecretStr("")
    """Token of the Telegram bot, from @BotFather; empty: none."""
    telegram_library: Library = "python-telegram-bot"
    telegram_updates: Updates = "polling"
    telegram_webhook_secret: WebhookSecret = SecretStr("")
    telegram_bots: Annotated[tuple[TelegramBot, ...], NoDecode] = ()
    """Further bots, as a JSON list of objects with the fields of ``TelegramBot``."""
    telegram_base_url: str = TELEGRAM
    """Address of the Bot API; a server of one's own is possible."""

    whatsapp_number_id: NumberId = ""
    """Phone number ID of the WhatsApp number; empty: none."""
    whatsapp_token: SecretStr = SecretStr("")
    """Access token of a system user of the WhatsApp Business Account."""
    whatsapp_app_secret: AppSecret = SecretStr("")
    """Secret of the Meta app, by which what comes in is known to come from Meta."""
    whatsapp_verify_token: VerifyToken = SecretStr("")
    """What Meta shows when the webhook is set; made up by whoever sets it."""
    whatsapp_account: NumberId = ""
    """ID of the WhatsApp Business Account; templates need it."""
    whatsapp_numbers: Annotated[tuple[WhatsAppNumber, ...], NoDecode] = ()
    """Further numbers, as a JSON list of objects with the fields of ``WhatsAppNumber``."""
    whatsapp_base_url: str = META
    """Address of Meta's Graph API."""
    whatsapp_rates: Path | None = None
    """What messages cost, in a file like ``rates.toml``; None: that of the program, which somebody should check."""

    public_url: str = ""
    """Address under which Telegram and Meta reach our web server, through a reverse proxy; only webhooks need it."""

    simulator: bool | None = None
    """Serve the simulator, a phone on a web page. Unset: on when there is neither Telegram nor WhatsApp."""
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

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - pydantic's
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's; its folders would be fixed
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment before ``.env``, and that before files that are named like settings."""
        secrets = SecretsSettingsSource(settings_cls, secrets_dir=_secret_folders())
        return init_settings, env_settings, dotenv_settings, secrets

    @field_validator("database_url")
    @classmethod
    def _with_password(cls, url: str, known: ValidationInfo) -> str:
        """Put the password into the address."""
        password: SecretStr = known.data["database_password"]
        if not password.get_secret_value():
            return url
        parts = urlsplit(url)
        if not parts.username or parts.password:
            raise ValueError(
                "an address with a user and without a password was expected beside JEMPUTBOLA_DATABASE_PASSWORD, such "
                "as postgresql+asyncpg://jemputbola@localhost/jemputbola"
            )
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{host}"))

    @field_validator("telegram_bots", "whatsapp_numbers", mode="before")
    @classmethod
    def _is_a_list(cls, written: object, field: ValidationInfo) -> object:
        try:
            listed = json.loads(written) if isinstance(written, str) else written
        except json.JSONDecodeError:
            listed = None
        if not isinstance(listed, list | tuple):
            example = BOTS_EXAMPLE if field.field_name == "telegram_bots" else NUMBERS_EXAMPLE
            raise ValueError(f"expected a JSON list on one line, such as {example}")  # noqa: TRY004 - pydantic's way
        return listed

    @field_validator("telegram_base_url", "whatsapp_base_url", "public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _bots_fit_together(self) -> Self:
        single = {"telegram_library", "telegram_updates", "telegram_webhook_secret"} & self.model_fields_set
        if single and not self.telegram_token.get_secret_value():
            names = " and ".join(f"JEMPUTBOLA_{name.upper()}" for name in sorted(single))
            raise ValueError(
                f"{names}: JEMPUTBOLA_TELEGRAM_TOKEN was expected beside it; bots of JEMPUTBOLA_TELEGRAM_BOTS have "
                "fields of their own"
            )
        for bot, times in Counter(bot.id for bot in self.bots).items():
            if times > 1:
                raise ValueError(f"each Telegram bot was expected once; {bot} came {times} times: take one away")
        for each in self.bots:
            if each.updates == "webhook":
                check_webhook(each, self.public_url, is_own_server=self.telegram_base_url != TELEGRAM)
        return self

    @model_validator(mode="after")
    def _numbers_fit_together(self) -> Self:
        parts = {"whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token"}
        given = {name for name in parts if getattr(self, name).get_secret_value()}
        asked = parts | {"whatsapp_number_id"} if self.whatsapp_number_id or self.whatsapp_account or given else set()
        missing = asked - given - ({"whatsapp_number_id"} if self.whatsapp_number_id else set())
        if missing:
            names = " and ".join(f"JEMPUTBOLA_{name.upper()}" for name in sorted(missing))
            raise ValueError(
                f"{names}: expected too, because a WhatsApp number needs its id, a token, the app secret by which "
                "messages are known to come from Meta, and a verify token; see docs/settings.md"
            )
        for number, times in Counter(each.id for each in self.numbers).items():
            if times > 1:
                raise ValueError(f"each WhatsApp number was expected once; {number} came {times} times: take one away")
        return self

    @property
    def numbers(self) -> tuple[WhatsAppNumber, ...]:
        """Give all WhatsApp numbers: the single one first, then the list."""
        if not self.whatsapp_number_id:
            return self.whatsapp_numbers
        single = WhatsAppNumber(
            id=self.whatsapp_number_id,
            token=self.whatsapp_token,
            app_secret=self.whatsapp_app_secret,
            verify_token=self.whatsapp_verify_token,
            account=self.whatsapp_account,
        )
        return (single, *self.whatsapp_numbers)

    @property
    def whatsapp_webhook_url(self) -> str:
        """Give the address to which Meta is to bring messages; empty: it is not known here."""
        return f"{self.public_url}{WEBHOOK_PATH}" if self.public_url else ""

    @property
    def bots(self) -> tuple[TelegramBot, ...]:
        """Give all Telegram bots: the single one first, then the list."""
        if not self.telegram_token.get_secret_value():
            return self.telegram_bots
        single = TelegramBot(
            token=self.telegram_token,
            library=self.telegram_library,
            updates=self.telegram_updates,
            webhook_secret=self.telegram_webhook_secret,
        )
        return (single, *self.telegram_bots)

    def webhook_url(self, bot: TelegramBot) -> str:
        """Give the address to which Telegram is to bring this bot's updates; empty: nowhere, the bot polls."""
        return f"{self.public_url}{bot.webhook_path}" if bot.updates == "webhook" else ""

    @property
    def has_telegram(self) -> bool:
        """Tell whether a Telegram bot is configured."""
        return bool(self.bots)

    @property
    def has_whatsapp(self) -> bool:
        """Tell whether a WhatsApp number is configured."""
        return bool(self.numbers)

    @property
    def has_simulator(self) -> bool:
        """Tell whether the simulator is served."""
        return not (self.has_telegram or self.has_whatsapp) if self.simulator is None else self.simulator

    @property
    def invitation_life(self) -> timedelta:
        """Give how long an invitation can be used."""
        return timedelta(days=self.invitation_days)


def _secret_folders() -> list[Path]:
    """Give the folders in which Docker and systemd put secrets, as far as there are any."""
    folders = (DOCKERS_SECRETS, os.environ.get(SYSTEMDS_SECRETS, ""))
    return [Path(each) for each in folders if each and Path(each).is_dir()]
