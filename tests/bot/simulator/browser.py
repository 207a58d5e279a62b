"""A small driver for Chromium over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
)
PATIENCE_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024


def find_browser() -> str | None:
    """Give the path of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One open page."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._session = ""

    async def attach(self) -> None:
        """Open a page of our own."""
        target = await self.call("Target.createTarget", {"url": "about:blank"})
        attached = await self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        self._session = attached["sessionId"]

    async def call(self, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a method of the protocol and give its result."""
        number = next(self._numbers)
        call = {"id": number, "method": method, "params": parameters or {}}
        await self._connection.send(
            msgspec.json.encode({**call, "sessionId": self._session} if self._session else call).decode()
        )
        async for text in self._connection:
            answer = msgspec.json.decode(text)
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
        raise ConnectionError("the browser has gone")

    async def look(self, script: str) -> Any:
        """Give the value of an expression in the page."""
        wanted = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = await self.call("Runtime.evaluate", wanted)
        assert "exceptionDetails" not in answer, (script, answer)
        return answer["result"].get("value")

    async def wait(self, script: str) -> None:
        """Wait until an expression in the page is true."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self.look(f"Boolean({script})"):  # noqa: ASYNC110 - the page has no event for us
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.look("document.body.innerText")
            raise AssertionError(f"waited in vain for {script}; the page shows:\n{shown}") from None

    async def click(self, selector: str) -> None:
        """Click on an element, when it is there."""
        await self.wait(f"document.querySelector({quoted(selector)})")
        await self.look(f"document.querySelector({quoted(selector)}).click()")

    async def type(self, selector: str, text: str) -> None:
        """Type into an element."""
        await self.wait(f"document.querySelector({quoted(selector)})")
        await self.look(f"document.querySelector({quoted(selector)}).focus()")
        await self.call("Input.insertText", {"text": text})


@asynccontextmanager
async def open_page(browser: str, address: str) -> AsyncIterator[Page]:
    """Start a browser with nothing of the user's in it, and open a page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        own = (f"--user-data-dir={folder}", *(("--no-sandbox",) if os.geteuid() == 0 else ()))
        quiet = asyncio.subprocess.DEVNULL
        program = await asyncio.create_subprocess_exec(browser, *own, *FLAGS, stdout=quiet, stderr=quiet)
        try:
            async with connect(await _address(Path(folder)), max_size=LARGEST_ANSWER_BYTES) as connection:
                page = Page(connection)
                await page.attach()
                await page.call("Page.navigate", {"url": address})
                yield page
        finally:
            program.terminate()
            await program.wait()


def quoted(text: str) -> str:
    """Write a text as a JavaScript string."""
    return msgspec.json.encode(text).decode()


async def _address(folder: Path) -> str:
    """Wait until the browser has written down where it listens."""
    port_file = folder / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            lines = port_file.read_text().split() if port_file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)
