"""Two processes and one bot: the limits hold for both together, and one goes on where the other died."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.faults.senders import (
    CHATS,
    all_sent,
    arrivals,
    fill_outbox,
    lost,
    most_in_a_second,
    out_of_order,
    repeated,
    replace_the_sender,
)
from tests.faults.setups import Ground, Setup
from tests.faults.site import opened

TWO = Setup("postgresql", "polling", 2)
MOST_A_SECOND = 30
MOST_BULK_A_SECOND = 28
MOST_UNDER_WAY = 50


async def test_two_processes_share_one_rate_and_one_takes_over_from_the_other(
    postgresql_ground: Ground, tmp_path: Path
) -> None:
    async with opened(postgresql_ground, TWO, tmp_path / "two", people=0, seed="senders") as site:
        await fill_outbox(site)
        site.installation.start()
        await site.calls(CHATS, "sendMessage")
        await replace_the_sender(site)
        greeted = site.platform.person("Ahmad")
        greeted.says("halo")
        await greeted.hears("Sudah punya kode?")
        uncertain = await all_sent(site)
        codes = await site.installation.stop()

    taken = arrivals(site)
    assert most_in_a_second(taken) <= MOST_A_SECOND
    assert most_in_a_second([each for each in taken if each.is_bulk]) <= MOST_BULK_A_SECOND
    assert out_of_order(taken) == []
    assert lost(taken) <= uncertain <= MOST_UNDER_WAY
    assert len(repeated(taken)) <= MOST_UNDER_WAY
    assert not any(each.is_bulk for each in repeated(taken))
    assert set(codes) == {-signal.SIGKILL, 0}
