"""One Telegram bot as it is configured, and what has to hold for it."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

Library = Literal["python-telegram-bot", "aiogram"]
"""What does the talking with Telegram: the small one, or the quick one (``docs/decisions`` says when)."""
Updates = Literal["polling", "webhook"]
"""How updates come in: we ask for them, or Telegram brings them."""

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
"""Telegram takes 1 to 256 of these characters; fewer than 16 could be guessed."""
WEBHOOK_PORTS = frozenset({None, 80, 88, 443, 8443})
"""Where Telegram delivers to: https://core.telegram.org/bots/api#setwebhook"""


def _is_token(token: SecretStr) -> SecretStr:
    if token.get_secret_value() and not TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("expected digits, a colon and letters, as @BotFather gives it")
    return token


def _is_webhook_secret(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and not WEBHOOK_SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("expected 16 to 256 of A-Z, a-z, 0-9, _ and -; `openssl rand -hex 32` makes one")
    return secret


Token = Annotated[SecretStr, AfterValidator(_is_token)]
"""As @BotFather gives it; empty: none."""
WebhookSecret = Annotated[SecretStr, AfterValidator(_is_webhook_secret)]
"""What Telegram shows with each update, so that nobody else can bring one; empty: none."""


class TelegramBot(BaseModel):
    """A bot's token, and how we talk with Telegram about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: Annotated[Token, Field(min_length=1)]
    library: Library = "python-telegram-bot"
    updates: Updates = "polling"
    webhook_secret: WebhookSecret = SecretStr("")

    @property
    def id(self) -> str:
        """Give the bot's number, which is no secret: the part of its token before the colon."""
        return self.token.get_secret_value().partition(":")[0]

    @property
    def webhook_path(self) -> str:
        """Give the path under which our web server takes this bot's updates."""
        return f"/telegram/{self.id}"


def check_webhook(bot: TelegramBot, public_url: str, *, is_own_server: bool) -> None:
    """Check that Telegram can bring this bot's updates to this address.

    ``is_own_server``: a Bot API server of one's own, which delivers to any port, and without TLS too.

    Raises:
        ValueError: it cannot, and why.
    """
    if not bot.webhook_secret.get_secret_value():
        raise ValueError(f"a webhook secret for bot {bot.id} was expected: `openssl rand -hex 32` makes one")
    url = urlsplit(public_url)
    if url.scheme not in {"https", "http"} or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError(
            f"bot {bot.id} takes updates by webhook: JEMPUTBOLA_PUBLIC_URL was expected to be the address under which "
            f"Telegram reaches this program, such as https://kla.example.go.id; {public_url or 'nothing'} came"
        )
    if not is_own_server and (url.scheme != "https" or url.port not in WEBHOOK_PORTS):
        raise ValueError(
            "JEMPUTBOLA_PUBLIC_URL was expected to be https on port 443, 80, 88 or 8443, because Telegram delivers "
            f"nowhere else; {public_url} came"
        )
