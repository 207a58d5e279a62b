"""A Telegram on this machine: a Bot API server with people in it, for tests and benchmarks."""

from tests.platform_server import Fault
from tests.telegram_server.people import Person
from tests.telegram_server.server import TelegramServer

__all__ = ["Fault", "Person", "TelegramServer"]
