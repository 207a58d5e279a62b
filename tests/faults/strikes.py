"""What goes wrong: each strike does something bad to a place, and mends it again."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta

import msgspec
from sqlalchemy import insert, literal, select

from conversations.messages import Message
from storage.database import BUSY_MS
from storage.moments import FOREVER, as_ms
from storage.outbox_states import Priority
from storage.tables import address, outbox
from tests.faults.checking import BULK_MARK
from tests.faults.installation import LOOK_SECONDS
from tests.faults.respondents import PATIENCE_SECONDS
from tests.faults.setups import LONG_AGO
from tests.faults.site import Site
from tests.platform_server import Fault

FEWEST_CALLS, MOST_CALLS = 3, 30
"""A strike comes after so many calls to the platform since the one before."""
JITTER_SECONDS = 0.02
"""And up to so much later: between two calls there are turns, commits and wake-ups."""
LONGEST_START_SECONDS = 1.0
UNKNOWN, TOO_MANY = 131000, 130429
"""Meta's codes; Telegram has none."""
FAILURES = 8
"""Calls that fail before the platform is well again."""
HANGS = 4
"""Fewer: a program gives each of them twenty seconds."""
FULL_SECONDS = 3.0
AWAY = "DatabaseAwayError"
"""What the log says of a database that is not there."""
GONE_SECONDS = 3.0
FROZEN_SECONDS = 15.0
SILENT_SECONDS = 5.0
CLOCK_JUMP = timedelta(hours=3)


async def kill(site: Site) -> None:
    """A program is killed at any moment."""
    await _sometime(site)
    await _replace(site, _any(site))


async def kill_all(site: Site) -> None:
    """The power fails."""
    await _sometime(site)
    await _replace(site, *range(len(site.installation.programs)))


async def kill_while_starting(site: Site) -> None:
    """A program is killed before it has begun, or just after."""
    await _sometime(site)
    place = _any(site)
    await _replace(site, place)
    await asyncio.sleep(site.chance.uniform(0, LONGEST_START_SECONDS))
    await _replace(site, place)


async def kill_before_a_send_arrives(site: Site) -> None:
    """Programs are killed while a message is on its way; it is lost."""
    await _kill_in_a_call(site, Fault(site.platform.send))


async def kill_after_a_send_arrived(site: Site) -> None:
    """Programs are killed before they hear that a message has arrived."""
    await _kill_in_a_call(site, Fault(site.platform.send, is_late=True))


async def _kill_in_a_call(site: Site, fault: Fault) -> None:
    await _sometime(site)
    loop, struck = asyncio.get_running_loop(), asyncio.Event()
    installation = site.installation

    def strike() -> None:
        for program in installation.programs:
            program.signal(signal.SIGKILL)
        loop.call_soon_threadsafe(struck.set)

    installation.let_go(*range(len(installation.programs)))
    fault.strikes = strike
    site.world.faults.append(fault)
    await struck.wait()
    await _replace(site, *range(len(installation.programs)))


async def kill_before_the_platform_hears(site: Site) -> None:
    """Programs are killed when they have taken updates in, before the platform knows it: it brings them again."""
    if site.installation.setup.updates == "polling":
        await _kill_in_a_call(site, Fault("getUpdates"))
        return
    await _sometime(site)
    wire = site.installation.from_platform
    site.server.do(wire.hold_answers())
    await site.calls(1, site.platform.send)
    await site.installation.kill()
    site.server.do(wire.cut())
    site.server.do(wire.mend())
    site.installation.start()


async def _sometime(site: Site) -> None:
    await site.calls(site.chance.randint(FEWEST_CALLS, MOST_CALLS))
    await asyncio.sleep(site.chance.uniform(0, JITTER_SECONDS))


def _any(site: Site) -> int:
    return site.chance.randrange(len(site.installation.programs))


async def _replace(site: Site, *places: int) -> None:
    await site.installation.kill(*places)
    site.installation.start(*places)


async def refuse_sends(site: Site) -> None:
    """The platform answers with errors, without doing anything."""
    await _fail_sends(site, Fault(site.platform.send, 502, code=UNKNOWN, times=FAILURES))


async def doubt_sends(site: Site) -> None:
    """The platform answers with errors, but has sent the messages."""
    await _fail_sends(site, Fault(site.platform.send, 500, code=UNKNOWN, times=FAILURES, is_late=True))


async def hang_sends(site: Site) -> None:
    """The platform takes the calls, and then nothing comes, for longer than a program waits."""
    await _fail_sends(site, Fault(site.platform.send, times=HANGS))


async def cut_answers(site: Site) -> None:
    """Connections end in the middle of the answer."""
    await _fail_sends(site, Fault(site.platform.send, 200, times=FAILURES, is_late=True, is_cut=True))


async def ask_for_silence(site: Site) -> None:
    """The platform asks for silence again and again: 429."""
    await _fail_sends(site, Fault(site.platform.send, 429, code=TOO_MANY, times=FAILURES, retry_after=1))


async def cut_the_wire(site: Site) -> None:
    """The platform cannot be reached."""
    await _sometime(site)
    wire = site.installation.to_platform
    site.server.do(wire.cut())
    refused = wire.refused
    async with asyncio.timeout(PATIENCE_SECONDS):
        while wire.refused < refused + FAILURES:  # noqa: ASYNC110 - a wire announces nothing
            await asyncio.sleep(LOOK_SECONDS)
    site.server.do(wire.mend())


async def silence_the_wire(site: Site) -> None:
    """Nothing comes from the platform or reaches it, and no connection ends."""
    await _sometime(site)
    wire = site.installation.to_platform
    site.server.do(wire.silence())
    await asyncio.sleep(SILENT_SECONDS)
    site.server.do(wire.mend())


async def _fail_sends(site: Site, fault: Fault) -> None:
    await _sometime(site)
    many = fault.times
    site.world.faults.append(fault)
    await site.until(lambda: fault not in site.world.faults, f"{many} calls that fail")


async def lock_the_file(site: Site) -> None:
    """Another program writes to the SQLite file for longer than ours waits."""
    await _sometime(site)
    with closing(sqlite3.connect(site.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(BUSY_MS / 1000 + 2)
        other.execute("ROLLBACK")


async def fill_the_disk(site: Site) -> None:
    """No file can grow any more."""
    await _sometime(site)
    for program in site.installation.programs:
        program.limit_files(site.database_file.stat().st_size)
    await asyncio.sleep(FULL_SECONDS)
    for program in site.installation.programs:
        program.limit_files(None)


async def crash_the_database(site: Site) -> None:
    """PostgreSQL ends at once, and comes back a while after a program has noticed."""
    await _sometime(site)
    await site.installation.up()
    server = site.ground.server
    assert server
    before = site.installation.log.count(AWAY)
    server.crash()
    try:
        await site.logs(AWAY, before=before)
        await asyncio.sleep(GONE_SECONDS)
    finally:
        server.start()
    await site.store._database.engine.dispose()


async def freeze_the_database(site: Site) -> None:
    """PostgreSQL stands still for longer than a program trusts its leases or waits for a connection."""
    await _sometime(site)
    await site.installation.up()
    server = site.ground.server
    assert server
    server.freeze()
    try:
        await asyncio.sleep(FROZEN_SECONDS)
    finally:
        server.thaw()


async def set_the_clock_ahead(site: Site) -> None:
    """The machine's clock jumps three hours ahead, and later back to the right time."""
    await _set_the_clock(site, CLOCK_JUMP)


async def set_the_clock_back(site: Site) -> None:
    """The machine's clock jumps three hours back, and later ahead to the right time."""
    await _set_the_clock(site, -CLOCK_JUMP)


async def _set_the_clock(site: Site, ahead: timedelta) -> None:
    await _sometime(site)
    clock = site.installation.clock
    clock.put(ahead)
    await _sometime(site)
    clock.put(timedelta(0))


async def broadcast(site: Site) -> None:
    """No fault: everybody who has written is sent a message of a broadcast."""
    await _sometime(site)
    site.broadcasts += 1
    body = msgspec.json.encode(Message(f"{BULK_MARK} {site.broadcasts}")).decode()
    values = {
        "address_id": address.c.id,
        "via": literal(site.platform.via),
        "priority": literal(int(Priority.BULK)),
        "body": literal(body),
        "not_after": literal(FOREVER),
        "created_at": literal(as_ms(LONG_AGO)),
    }
    async with site.store._database.writing("Broadcasting") as connection:
        await connection.execute(insert(outbox).from_select(list(values), select(*values.values())))
        await connection.commit()


KILLS = (
    kill,
    kill_before_a_send_arrives,
    kill_after_a_send_arrived,
    kill_before_the_platform_hears,
    kill_while_starting,
)
ON_SEVERAL = (kill_all,)
"""Kills that make sense with several processes."""
EVERYWHERE = (
    set_the_clock_ahead,
    broadcast,
    refuse_sends,
    doubt_sends,
    hang_sends,
    cut_answers,
    ask_for_silence,
    cut_the_wire,
    silence_the_wire,
    set_the_clock_back,
    broadcast,
)
ON_POSTGRESQL = (crash_the_database, freeze_the_database, crash_the_database)
ON_SQLITE = (lock_the_file, fill_the_disk)
