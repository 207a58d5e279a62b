"""A local Telegram for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.telegram_server import TelegramServer


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running
