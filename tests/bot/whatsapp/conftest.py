"""A Graph server with a number of ours and somebody who talks with it; some files make a number of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.whatsapp_server import Person, WhatsAppServer
from tests.whatsapp_server.graph import Number


@pytest.fixture(scope="module")
def server() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as running:
        yield running


@pytest.fixture
def number(server: WhatsAppServer) -> Number:
    return server.number("200100")


@pytest.fixture
def ahmad(server: WhatsAppServer, number: Number) -> Person:
    return server.person(number, "Ahmad", user_id="ID.77")
