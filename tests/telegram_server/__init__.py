"""A Telegram on this machine: a Bot API server with people in it, for tests and benchmarks."""

from tests.telegram_server.people import Person
from tests.telegram_server.server import TelegramServer
from tests.telegram_server.world import Fault

__all__ = ["Fault", "Person", "TelegramServer"]
