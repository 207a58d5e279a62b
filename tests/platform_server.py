"""What the chat platforms on this machine share: a server in a thread, what happens in it, and planted faults."""

from __future__ import annotations

import asyncio
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Address
from starlette.requests import Request
from starlette.responses import Response

Answer = TypeVar("Answer")
PATIENCE_SECONDS = 20
KEPT_SECONDS = 75
"""How long a connection without work is kept: longer than any client of ours does, so that theirs is seen."""
LONGEST_HANG_SECONDS = 120


class MangledError(Exception):
    """Something between us and the platform answers so, word for word; or breaks off in the middle of it."""

    def __init__(self, status: int, said: str, *, is_cut: bool) -> None:
        super().__init__(said)
        self.status = status or 200
        self.said = said
        self.is_cut = is_cut


@dataclass
class Fault:
    """What goes wrong with the next calls of a method."""

    method: str
    status: int = 0
    """0: the connection hangs until the client gives up."""
    code: int = 0
    """The platform's own code, where it has such."""
    retry_after: int = 0
    after: int = 0
    """So many calls go well before."""
    times: int = 1
    is_late: bool = False
    """It goes wrong after the call has taken effect."""
    says: str | None = None
    """What is answered word for word instead, by something between us and the platform."""
    is_cut: bool = False
    """The connection ends in the middle of the answer."""
    strikes: Callable[[], None] | None = None
    """Done at the very moment when it goes wrong."""


@dataclass
class Happenings(ABC):
    """What is called, what changes, and what goes wrong."""

    tasks: asyncio.TaskGroup
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any], float]] = field(default_factory=list)
    """Method, parameters, and when (monotonic seconds)."""
    is_closing: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @abstractmethod
    def refusal(self, fault: Fault) -> Exception:
        """Give what the platform answers to a planted refusal."""

    async def wait_for(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds, or give up; tell which."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(holds)
        except TimeoutError:
            return False
        return True

    async def notify(self) -> None:
        """Let everybody look who waits for something."""
        async with self.changed:
            self.changed.notify_all()

    async def call(self, method: str, given: Mapping[str, Any], do: Coroutine[Any, Any, Answer]) -> Answer:
        """Carry out a call, or have it go wrong as planned."""
        self.calls.append((method, dict(given), asyncio.get_running_loop().time()))
        await self.notify()
        fault = self.next_fault(method)
        if fault and not fault.is_late:
            do.close()
            await self.fail(fault)
        result = await do
        if fault:
            await self.fail(fault)
        return result

    def next_fault(self, method: str) -> Fault | None:
        """Give what goes wrong with a call of this method now."""
        for fault in self.faults:
            if fault.method == method:
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def fail(self, fault: Fault) -> None:
        """Have a fault happen."""
        if fault.strikes:
            fault.strikes()
        if not fault.status and not fault.is_cut:
            await self.wait_for(lambda: self.is_closing, LONGEST_HANG_SECONDS)
        if fault.says is not None or fault.is_cut:
            raise MangledError(fault.status, fault.says or '{"ok":true,', is_cut=fault.is_cut)
        raise self.refusal(fault)


class PlatformServer(ABC):
    """Starlette on a free port of the loopback, in a thread with a loop of its own. Starts when entered."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or an answer in two pieces takes 40 ms
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._clients: set[Address | None] = set()
        self._tasks: asyncio.TaskGroup
        self.loop: asyncio.AbstractEventLoop

    @abstractmethod
    def app(self) -> Starlette:
        """Make what is served, in the server's own loop."""

    @abstractmethod
    async def shut(self) -> None:
        """Let go whatever waits."""

    @property
    def url(self) -> str:
        """The address to use instead of the platform's."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.do(self.shut())
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE_SECONDS)

    def start(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Start something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do something in the server's loop and give the result."""
        return self.start(work).result(PATIENCE_SECONDS)

    def connections(self) -> tuple[int, int]:
        """Count the connections: those that are open, and all that ever called."""
        return len(self._server.server_state.connections), len(self._clients)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as self._tasks:
            config = uvicorn.Config(
                self.app(), log_config=None, access_log=False, lifespan="off", timeout_keep_alive=KEPT_SECONDS
            )
            self._server = uvicorn.Server(config)
            self._ready.set()
            await self._server.serve(sockets=[self._socket])


async def mangled(_request: Request, answer: Exception) -> Response:
    """Answer as something in between does."""
    assert isinstance(answer, MangledError)
    announced = {"content-length": "9999"} if answer.is_cut else None
    return Response(answer.said, answer.status, headers=announced)
