"""Nobody but our own page talks to the simulator."""

import pytest

from bot.channels.simulator.guard import host_name
from tests.bot.simulator.conftest import Serving


@pytest.mark.parametrize(
    ("host", "name"), [("localhost:8000", "localhost"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a.b", "a.b")]
)
def test_the_port_is_taken_off_a_host(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "localhost:x", "0.0.0.0"])  # noqa: S104
async def test_a_foreign_host_is_refused_everywhere(serve: Serving, host: str) -> None:
    async with serve() as caller:
        answers = [
            await caller.client.get(path, headers={"host": host}) for path in ("/", "/api/phones", "/static/main.js")
        ]

    assert {answer.status_code for answer in answers} <= {400, 403}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://[x"])
async def test_another_sites_page_cannot_send_anything(serve: Serving, origin: str) -> None:
    async with serve() as caller:
        answer = await caller.client.post("/api/phones", json={"kind": "stranger"}, headers={"origin": origin})

        assert (answer.status_code, answer.json()["error"]) == (403, "refused")
        assert caller.simulator.channel.exchange.journal.phones() == []


async def test_our_own_page_can(serve: Serving) -> None:
    async with serve() as caller:
        answer = await caller.client.post(
            "/api/phones", json={"kind": "stranger"}, headers={"origin": caller.simulator.address}
        )

    assert answer.status_code == 201


async def test_the_page_may_load_nothing_from_elsewhere(serve: Serving) -> None:
    async with serve() as caller:
        page = await caller.client.get("/")

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize("path", ["/static/..%2fweb.py", "/static/%2e%2e/web.py", "/static//etc/passwd"])
async def test_only_the_pages_own_files_are_given_out(serve: Serving, path: str) -> None:
    async with serve() as caller:
        answer = await caller.client.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
