"""httpx as every adapter uses it: our patience, our connections, and which failures never left this machine."""

from __future__ import annotations

import ssl
import sys
from functools import cache
from importlib.util import find_spec

if find_spec("sniffio") is None:
    # httpcore 1.0.9 looks for it on the disk at every request, which costs a fifth of a send; this says that it is not
    # there. Source: https://github.com/encode/httpcore/pull/1103
    sys.modules["sniffio"] = None  # type: ignore[assignment] # how Python marks a module that cannot be imported

import httpx

from bot.channels.connections import IDLE, Patience

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The request cannot have reached anybody."""


@cache
def trust() -> ssl.SSLContext:
    """Give the certificates that we trust; reading them takes longer than the rest of a client, so all share them."""
    return httpx.create_ssl_context()


def timeouts(patience: Patience) -> httpx.Timeout:
    """Say to httpx how long each part of a call may take."""
    return httpx.Timeout(
        patience.reply.total_seconds(), connect=patience.connect.total_seconds(), pool=patience.free.total_seconds()
    )


def at_most(connections: int) -> httpx.Limits:
    """Say to httpx how many connections there may be; those without work are let go after ``IDLE``."""
    return httpx.Limits(max_connections=connections, keepalive_expiry=IDLE.total_seconds())
