"""Telegram and Meta as the webhook meets them: what they write, how they show who they are, and who takes it in."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import SecretStr
from starlette.routing import BaseRoute

from benchmarks.taps import WHATSAPP_NUMBER, Write, by_meta, by_telegram
from benchmarks.world import BOT, TELEGRAM, Place
from bot.channels.port import Accept
from bot.channels.telegram import webhook as telegram
from bot.channels.telegram.decoding import decode_update
from bot.channels.whatsapp import webhook as whatsapp
from bot.channels.whatsapp.decoding import decode_batch
from bot.clock import SystemClock
from bot.whatsapp_number import WEBHOOK_PATH, WhatsAppNumber
from storage.envelopes import AddressKey, Envelope
from storage.identity import Move
from storage.statuses import DeliveryStatus

SECRET = "a-secret-of-the-benchmark"  # noqa: S105 - guards nothing but this benchmark
APP_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the same


class Served(NamedTuple):
    """A webhook, and what has to run as long as it takes updates in."""

    routes: Sequence[BaseRoute]
    running: Coroutine[None, None, None]


class Platform(NamedTuple):
    """One that brings updates."""

    place: Place
    path: str
    write: Write
    headers: Callable[[bytes], Mapping[str, str]]
    """By which it shows that a request is its own."""
    decode: Callable[[bytes, datetime], Sequence[Envelope]]
    serve: Callable[[Accept], Served]


def _telegram_envelopes(payload: bytes, at: datetime) -> Sequence[Envelope]:
    envelope = decode_update(payload, bot=BOT, at=at).envelope
    return [envelope] if envelope else []


def _telegram_webhook(accept: Accept) -> Served:
    path = f"/telegram/{BOT}"
    webhook = telegram.Webhook(BOT, path=path, secret=SecretStr(SECRET), watch=_for_ever, clock=SystemClock())
    return Served([webhook.route], webhook.run(accept, lambda _updates: None))


def _meta_signature(body: bytes) -> Mapping[str, str]:
    return {whatsapp.SIGNATURE_HEADER: f"sha256={hmac.digest(APP_SECRET.encode(), body, hashlib.sha256).hex()}"}


def _whatsapp_envelopes(payload: bytes, at: datetime) -> Sequence[Envelope]:
    return [envelope for part in decode_batch(payload, at=at).decoded for envelope in part.envelopes]


def _whatsapp_webhook(accept: Accept) -> Served:
    token = SecretStr("a-token-of-the-benchmark")
    number = WhatsAppNumber(id=WHATSAPP_NUMBER, token=token, app_secret=SecretStr(APP_SECRET), verify_token=token)
    webhook = whatsapp.Webhook([number], SystemClock())
    heard = whatsapp.Heard(_nobody_reads, _nobody_leaves, _nobody_moves)
    webhook.open(WHATSAPP_NUMBER, whatsapp.Line(accept, heard, lambda _receipts: None))
    return Served(webhook.routes, _for_ever())


async def _nobody_reads(_statuses: Sequence[DeliveryStatus]) -> None:
    """Keep nothing: no message goes out."""


async def _nobody_leaves(_address: AddressKey, _at: datetime | None) -> None:
    """Hear nothing."""


async def _nobody_moves(_told: Move) -> None:
    """Hear nothing."""


async def _for_ever() -> None:
    await asyncio.Event().wait()


PLATFORMS: Mapping[str, Platform] = {
    "Telegram": Platform(
        TELEGRAM,
        f"/telegram/{BOT}",
        by_telegram,
        lambda _body: {telegram.SECRET_HEADER: SECRET},
        _telegram_envelopes,
        _telegram_webhook,
    ),
    "WhatsApp": Platform(
        Place("whatsapp", WHATSAPP_NUMBER, "ID.{:017}"),
        WEBHOOK_PATH,
        by_meta,
        _meta_signature,
        _whatsapp_envelopes,
        _whatsapp_webhook,
    ),
}
