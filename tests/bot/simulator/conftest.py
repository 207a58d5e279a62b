"""What the tests of the simulator share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.bot.simulator.fakes import Caller, running

Serving = Callable[[], AbstractAsyncContextManager[Caller]]


@pytest.fixture
def serve(tmp_path: Path) -> Serving:
    """Serve a simulator over a folder of the test; entered a second time, it has been restarted."""

    @asynccontextmanager
    async def served() -> AsyncIterator[Caller]:
        async with running(tmp_path) as simulator, httpx.AsyncClient(base_url=simulator.address) as client:
            yield Caller(simulator, client)

    return served
