"""What ``jemputbola doctor`` asks Meta about the WhatsApp numbers; every problem comes with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bot.channels.port import ChannelError
from bot.machine import NotInOrderError
from bot.settings import Settings
from bot.whatsapp_number import WhatsAppNumber

if TYPE_CHECKING:
    from bot.channels.whatsapp.graph import GraphApi

MANAGER = "WhatsApp Manager > Account tools > Phone numbers"
NEW_ACCESS = (
    "make a token of a system user with whatsapp_business_messaging and whatsapp_business_management, and with the "
    "WhatsApp account among its assets (docs/whatsapp.md)"
)


async def numbers(settings: Settings) -> str:
    """Look at every number: its token, the number itself, the webhook, the templates. App secret and verify token are
    there, or the settings could not be used.

    Raises:
        NotInOrderError: something is not in order; says all that was found.
        ChannelError: Meta cannot be reached.
    """
    looked = [await _look(number, settings) for number in settings.numbers]
    problems = [
        f"number {each.id}: {said}" for each, (_, found) in zip(settings.numbers, looked, strict=True) for said in found
    ]
    if not settings.whatsapp_webhook_url:
        problems.append("JEMPUTBOLA_PUBLIC_URL was expected: Meta brings messages to it (docs/whatsapp.md)")
    if problems:
        raise NotInOrderError("; ".join(problems))
    return "; ".join(said for said, _ in looked)


async def _look(number: WhatsAppNumber, settings: Settings) -> tuple[str, list[str]]:
    """Give what a number is like, and what is wrong with it."""
    async with _line(number, settings) as api:
        try:
            found = await api.number()
        except ChannelError as error:
            if error.is_uncertain:
                raise
            return "", [f"Meta gives nothing about it ({error.reason}): {NEW_ACCESS}, and compare the phone number ID"]
        said = (
            f"{found.get('display_phone_number', number.id)} {found.get('verified_name', '(no name)')}, quality "
            f"{found.get('quality_rating', '?')}, throughput {found.get('throughput', {}).get('level', '?')}"
        )
        problems = list(_problems_of_number(found))
        if not number.account:
            return said, [*problems, "JEMPUTBOLA_WHATSAPP_ACCOUNT was expected: webhook and templates belong to it"]
        return said, problems + await _problems_of_account(api, number.account, settings)


def _problems_of_number(found: Mapping[str, Any]) -> Iterator[str]:
    if found.get("code_verification_status") == "NOT_VERIFIED":
        yield f"it is not verified: have a code sent by SMS or call in {MANAGER}"
    if found.get("status", "CONNECTED") != "CONNECTED":
        yield f"it is {str(found['status']).lower()}, and connected was expected: register it in {MANAGER}"
    if found.get("quality_rating") == "RED":
        yield "its quality is low, because people block or report it: send fewer reminders, or Meta will stop it"


async def _problems_of_account(api: GraphApi, account: str, settings: Settings) -> list[str]:
    from bot.channels.whatsapp.approval import compare
    from bot.channels.whatsapp.templates import load_templates

    try:
        apps, there = await api.subscriptions(account), await api.templates(account)
    except ChannelError as error:
        if error.is_uncertain:
            raise
        return [f"Meta gives nothing about account {account} ({error.reason}): {NEW_ACCESS}"]
    problems = list(_problems_of_webhook(apps, settings.whatsapp_webhook_url))
    unusable = [each for each in compare(load_templates(), there) if not each.is_usable]
    if unusable:
        more = f" and {len(unusable) - 1} more: jemputbola whatsapp templates check" if unusable[1:] else ""
        problems.append(f"template {unusable[0]}{more}")
    return problems


def _problems_of_webhook(apps: Any, url: str) -> Iterator[str]:
    if not apps:
        yield "no app is subscribed to its account, so nothing is brought: subscribe it (docs/whatsapp.md, webhook)"
    elsewhere = [each["override_callback_uri"] for each in apps if each.get("override_callback_uri")]
    if len(elsewhere) == len(apps) and apps and url not in elsewhere:
        yield f"messages are brought to {elsewhere[0]}, and {url} was expected: change it in the App Dashboard"


@asynccontextmanager
async def _line(number: WhatsAppNumber, settings: Settings) -> AsyncIterator[GraphApi]:
    from bot.channels.whatsapp.graph import GraphApi

    api = GraphApi(number, base_url=settings.whatsapp_base_url)
    try:
        yield api
    finally:
        await api.close()
