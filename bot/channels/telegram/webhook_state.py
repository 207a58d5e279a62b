"""What Telegram's account of a webhook means, and what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.channels.telegram.api import WebhookState
from bot.channels.telegram.updates import KINDS

RECENT = timedelta(minutes=15)
"""An older failure says nothing about now."""
SET_IT = "run `jemputbola telegram webhook set`"
DELETE_IT = "run `jemputbola telegram webhook delete`, or switch the bot to webhook in the settings"
STANDARD_PORTS = {"https": 443, "http": 80}
REMEDIES = {
    "403": f"the webhook secret is not the one of the settings, or the reverse proxy refuses: {SET_IT}",
    "404": "the reverse proxy does not hand /telegram/ on to this program, or the program does not know the bot",
    "405": "something else answers there: let the reverse proxy hand /telegram/ on to this program",
    "413": "the reverse proxy allows too small a body: 1 MiB is needed",
    "502": "the program behind the reverse proxy is not running",
    "503": "the program is stopping, or its database is away: look at /healthz and the log",
    "504": "the program is too slow, or its database hangs: look at /healthz and the log",
    "ssl": "the certificate is not valid for this address, or its chain is not complete",
    "certificate": "the certificate is not valid for this address, or its chain is not complete",
    "resolve": "the name of JEMPUTBOLA_PUBLIC_URL is not known in the DNS",
    "refused": "nothing listens there: start the reverse proxy",
    "timed out": "nothing answers there: look at the firewall and the reverse proxy",
    "timeout": "nothing answers there in time: look at the firewall, the reverse proxy, and /healthz",
}
"""What to do, by a sign in Telegram's wording of the failure."""


def complaint(state: WebhookState, url: str, at: datetime) -> str:
    """Say what is wrong with where Telegram brings a bot's updates, and what to do; empty: nothing.

    ``url`` is where it is to bring them; empty: it is to keep them until they are asked for.
    """
    if not url:
        return f"the bot polls, and Telegram brings its updates to {_host(state)}: {DELETE_IT}" if state.url else ""
    if not state.url:
        return f"Telegram brings the updates nowhere: {SET_IT}"
    if _parts(state.url) != _parts(url):
        return f"Telegram brings the updates to {_host(state)} and not to {url}: {SET_IT}"
    if set(state.kinds) != set(KINDS):
        return f"Telegram brings other kinds of updates than we use: {SET_IT}"
    if state.waiting and state.failed_at and at - state.failed_at < RECENT:
        return f"{state.waiting} updates wait; Telegram says {state.failure!r}: {remedy(state.failure)}"
    return ""


def remedy(failure: str) -> str:
    """Say what to do about Telegram's wording of a failure."""
    said = failure.lower()
    return next((what for sign, what in REMEDIES.items() if sign in said), "look at the reverse proxy and the log")


def _host(state: WebhookState) -> str:
    """Give the host only: other people's paths may hold secrets."""
    return urlsplit(state.url).hostname or "an address"


def _parts(url: str) -> tuple[str, str, int | None, str]:
    """Take an address apart, so that other ways to write it are the same."""
    read = urlsplit(url)
    return read.scheme, read.hostname or "", read.port or STANDARD_PORTS.get(read.scheme), read.path
