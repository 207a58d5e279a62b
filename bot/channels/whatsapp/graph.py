"""Meta's Graph API through PyWa, used as an HTTP client only: no webhook, no handlers, no models of messages.

Recipients and contents are handed over as they go out: the library would tell user ids and numbers apart by a pattern
that not all of them follow, and checks no limit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pywa.errors import WhatsAppError
from pywa_async.client import WhatsApp

from bot.channels.connections import CHUNK_BYTES, MOST_CONNECTIONS, Patience
from bot.channels.httpx_client import NEVER_LEFT, at_most, timeouts, trust
from bot.channels.whatsapp.errors import broken, refused
from bot.whatsapp_number import WhatsAppNumber

VERSION = "26.0"
"""Of the Graph API; Meta keeps each for two years."""
NUMBER_FIELDS = (
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "status",
    "throughput",
)
TEMPLATE_FIELDS = ("name", "language", "status", "category", "components", "rejected_reason")
TEMPLATES_A_PAGE, MOST_PAGES = 100, 100
MAKES_NO_SENSE = (ValueError, KeyError, TypeError, IndexError, AttributeError)
"""What the library raises over an answer that is not Meta's: a proxy's page, a body that is cut off."""


class GraphApi:
    """One number's line to Meta. Every method raises ``ChannelError`` and nothing else (see ``errors``)."""

    def __init__(self, number: WhatsAppNumber, *, base_url: str, patience: Patience | None = None) -> None:
        self._number = number.id
        self._token = number.token.get_secret_value()
        self._http = httpx.AsyncClient(
            timeout=timeouts(patience or Patience()), limits=at_most(MOST_CONNECTIONS), verify=trust()
        )
        self._api = WhatsApp(phone_id=number.id, token=self._token, session=self._http, api_version=VERSION).api
        self._http.base_url = f"{base_url}/v{VERSION}"

    async def send(self, user: str, kind: str, content: Mapping[str, Any], *, tracker: str) -> str:
        """Send a message of this kind and give Meta's id of it; ``tracker`` comes back in every report about it."""
        is_user_id = "." in user
        with self._errors():
            answer = await self._api.send_message(
                sender=self._number,
                to=None if is_user_id else user,
                recipient=user if is_user_id else None,
                recipient_type="individual",
                typ=kind,
                msg=dict(content),
                biz_opaque_callback_data=tracker,
            )
            return str(answer["messages"][0]["id"])

    async def upload(self, path: Path, *, mime_type: str, name: str) -> str:
        """Hand a file over and give Meta's id of it, which is good for 30 days."""
        with self._errors(), path.open("rb") as file:
            answer = await self._api.upload_media(self._number, file, mime_type, name)
            return str(answer["id"])

    async def mark_read(self, message: str, *, is_typing: bool) -> None:
        """Show that a message was read; ``is_typing``: and that an answer is being written, for 25 s at most."""
        with self._errors():
            if is_typing:
                await self._api.set_indicator(self._number, message, "text")
            else:
                await self._api.mark_message_as_read(self._number, message)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file that a person sent in the last seven days."""
        with self._errors():
            found = await self._api.get_media_url(quote(reference, safe=""))
            async with self._api.stream_media_bytes(found["url"]) as reply:
                if not reply.is_success:
                    raise refused(0, status=reply.status_code, said="the file is not handed over")
                async for chunk in reply.aiter_bytes(CHUNK_BYTES):
                    yield chunk

    async def number(self) -> Mapping[str, Any]:
        """Give what Meta holds of the number: ``verified_name``, ``quality_rating`` and so on."""
        with self._errors():
            found: Mapping[str, Any] = await self._api.get_business_phone_number(self._number, NUMBER_FIELDS)
            return {str(name): value for name, value in found.items()}

    async def subscriptions(self, account: str) -> Sequence[Mapping[str, Any]]:
        """Give the apps to which what happens in a WhatsApp Business Account is brought."""
        with self._errors():
            answer = await self._api.get_waba_subscribed_apps(account)
            return [dict(each) for each in answer["data"]]

    async def templates(self, account: str) -> Sequence[Mapping[str, Any]]:
        """Give all templates of a WhatsApp Business Account, as Meta has them."""
        found: list[Mapping[str, Any]] = []
        after: dict[str, str] = {}
        with self._errors():
            for _ in range(MOST_PAGES):
                page = {"limit": str(TEMPLATES_A_PAGE), **after}
                answer = await self._api.get_templates(account, TEMPLATE_FIELDS, pagination=page)
                found += [dict(each) for each in answer["data"]]
                paging = answer.get("paging", {})
                if "next" not in paging:
                    break
                after = {"after": paging["cursors"]["after"]}
        return found

    async def submit_template(self, account: str, template: Mapping[str, Any]) -> str:
        """Submit a template for approval; give its status, as a rule ``PENDING``."""
        with self._errors():
            answer = await self._api.create_template(account, dict(template))
            return str(answer["status"])

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Let no error of the library or of HTTP past this file, and none that names the token."""
        try:
            yield
        except WhatsAppError as error:
            response = error.raw_response
            raise refused(
                error.code,
                status=response.status_code if response is not None else 0,
                said=error.message,
                wait_seconds=response.headers.get("Retry-After", "") if response is not None else "",
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, *MAKES_NO_SENSE) as error:
            raise broken(error, self._token, never_left=isinstance(error, NEVER_LEFT)) from None
