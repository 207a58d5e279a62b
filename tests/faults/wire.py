"""A way between two programs on this machine, which can be cut, or fall silent."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

CHUNK_BYTES = 65_536


class Wire:
    """Carries TCP connections from a port of its own to others in turn; runs in the loop that opens it."""

    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = targets
        self._turn = itertools.count()
        self.refused = 0
        """Connections that were broken before they stood."""
        self._is_cut = False
        self._forth, self._back = asyncio.Event(), asyncio.Event()
        self._forth.set()
        self._back.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begin to listen; give the port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=1024)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def cut(self) -> None:
        """Break all connections, and every new one at once."""
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()

    async def silence(self) -> None:
        """Carry nothing; connections stay, and new ones are taken."""
        self._forth.clear()
        self._back.clear()

    async def hold_answers(self) -> None:
        """Carry what goes there, and nothing back."""
        self._back.clear()

    async def mend(self) -> None:
        """Carry again; what was held back arrives now."""
        self._is_cut = False
        self._forth.set()
        self._back.set()

    async def close(self) -> None:
        """End everything."""
        if self._server:
            self._server.close()
        await self.cut()
        self._forth.set()
        self._back.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = None if self._is_cut else await self._connected()
        if there is None:
            self.refused += 1
            writer.transport.abort()
            return
        ends = {writer, there[1]}
        self._ends |= ends
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, there[1], self._forth))
                both.create_task(self._pump(there[0], writer, self._back))
        except* OSError:
            pass  # one side is gone; so is the other now
        finally:
            for end in ends:
                end.transport.abort()
            self._ends -= ends

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect with the next target that listens, as a reverse proxy does."""
        for _ in self._targets:
            port = self._targets[next(self._turn) % len(self._targets)]
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
        return None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await flows.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # ends the other direction too
