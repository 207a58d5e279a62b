"""A WhatsApp on this machine: Meta's Graph API with people behind it, and nothing of other machines."""

from tests.platform_server import Fault
from tests.whatsapp_server.people import Person
from tests.whatsapp_server.server import WhatsAppServer

__all__ = ["Fault", "Person", "WhatsAppServer"]
