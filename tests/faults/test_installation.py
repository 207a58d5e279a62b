"""What installations share with each other on one machine, and what is told when one of their programs ends."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.faults import installation
from tests.faults.installation import complaints_in, reserve_port

LOG = """\
2026-11-22T19:34:00.792079Z [info     ] lease_taken                    [bot.leadership] lease=chores tenure=1
The web server could not start: port 8765 was expected to be free.

2026-11-22T19:34:01.000000Z [info     ] stopping                       [bot.running]
"""


def test_a_reserved_port_is_kept_from_others_and_free_for_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(reserve_port()) as reservation:
        port = reservation.getsockname()[1]
        monkeypatch.setattr(installation, "PORTS", range(port, port + 1))

        with pytest.raises(AssertionError, match="no port is free"):
            reserve_port()
        with socket.create_server(("127.0.0.1", port)):
            pass

    reserve_port().close()


def test_what_a_program_said_is_told_without_the_entries_of_its_log() -> None:
    assert complaints_in(LOG) == ["The web server could not start: port 8765 was expected to be free."]
