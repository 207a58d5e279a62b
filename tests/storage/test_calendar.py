"""Calendars of districts: what follows from them for assignments, for planners, and who is to be told."""

from __future__ import annotations

from datetime import timedelta

from alembic import command
from sqlalchemy import select

from conversations.calendar import Window
from conversations.people import Role
from storage.calendar import Changed, fit_windows, lock_calendar, windows_of_districts
from storage.database import connect, migrate
from storage.migrations.running import configuration
from storage.moments import as_ms
from storage.store import Store
from storage.tables import assignment, extension, stage, window_change
from storage.window_rows import decode_windows, encode_windows
from tests.storage.forms import DUE, NOW
from tests.storage.people import KAUR, OTHER_VILLAGE, VILLAGE, appoint

DAY = timedelta(days=1)


def test_windows_read_back_as_they_were_written() -> None:
    windows = (Window("evaluasi_mandiri"), Window("perbaikan", NOW, DUE, DUE + DAY, 7))

    assert decode_windows(encode_windows(windows)) == windows
    assert decode_windows(encode_windows(())) == ()


async def test_an_extension_reaches_its_post_and_the_planners(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    other = await appoint(kaur, "other", OTHER_VILLAGE, Role.VILLAGE_HEAD)
    post, held = head.posts[0], head.assignments[0]
    async with kaur._database.writing("Extending") as connection:
        row = {"cycle_id": held.cycle, "post_id": post.id, "form": "", "stage": "pengisian", "granted_at": as_ms(NOW)}
        await connection.execute(extension.insert(), row | {"until": as_ms(DUE + DAY)})
        await lock_calendar(connection, post.region.district_id)

        fitted = await fit_windows(connection, kaur._shared, Changed(held.cycle, post.region.district_id, NOW))
        again = await fit_windows(connection, kaur._shared, Changed(held.cycle, post.region.district_id, NOW))
        listed = await windows_of_districts(connection, kaur._shared, NOW)
        later = await windows_of_districts(connection, kaur._shared, DUE + timedelta(minutes=1))
        kept = {row.id: row.windows for row in await connection.execute(select(assignment.c.id, assignment.c.windows))}
        to_be_told = (await connection.execute(select(window_change))).all()

    longer = Window("pengisian", None, DUE + DAY, DUE + DAY, post.id)
    assert (fitted, again) == (1, 0)
    assert decode_windows(kept[held.id]) == (*held.windows, longer)
    assert decode_windows(kept[other.assignments[0].id]) == held.windows == (Window("pengisian", None, DUE, DUE),)
    assert [(each.form, each.window.post) for each in listed] == [
        ("dekela", 0),
        ("dekela", post.id),
        ("kelana", 0),
        ("kabupaten", 0),
        ("drppa", 0),
        ("drppa", post.id),
    ]
    assert [each.window for each in later] == [longer, longer]
    assert [(each.assignment_id, decode_windows(each.before)) for each in to_be_told] == [(held.id, held.windows)]


async def test_what_people_knew_stays_until_they_are_told(kaur: Store) -> None:
    for days in (1, 2):
        await kaur.roster.add_district(KAUR, 2026, DUE + days * DAY, at=NOW + days * DAY)
    await kaur.roster.add_district(KAUR, 2026, None, at=NOW + 9 * DAY)  # says nothing about the calendar

    async with kaur._database.reading("Looking") as connection:
        changes = (await connection.execute(select(window_change))).all()
        ends = (await connection.scalars(select(stage.c.closes_at))).all()

    assert len(changes) == 195 + 15 + 1
    assert {(decode_windows(each.before)[0].due_at, each.at) for each in changes} == {(DUE, as_ms(NOW + 2 * DAY))}
    assert ends == [as_ms(DUE + 2 * DAY)]


OLD_DEADLINES = """
INSERT INTO cycle (id, year) VALUES (1, 2026);
INSERT INTO region (id, code, name, kind) VALUES (1, '16.07', 'Kabupaten Banyuasin', 'district');
UPDATE region SET district_id = 1;
INSERT INTO deadline (cycle_id, district_id, form, due_at) VALUES (1, 1, 'dekela', 500), (1, 1, 'kelana', 900);
INSERT INTO assignment (id, cycle_id, region_id, form, version, due_at, progress)
VALUES (1, 1, 1, 'dekela', '1', 500, ''), (2, 1, 1, 'kelana', '1', 900, '')
"""


async def test_deadlines_of_an_older_version_become_windows_and_deadlines_again(database_url: str) -> None:
    engine = connect(database_url)
    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "0005"))
        for statement in OLD_DEADLINES.split(";"):
            await connection.exec_driver_sql(statement)
        await connection.commit()

    await migrate(database_url)
    async with engine.connect() as connection:
        stages = (await connection.execute(select(stage.c.form, stage.c.closes_at).order_by(stage.c.form))).all()
        written = (await connection.scalars(select(assignment.c.windows).order_by(assignment.c.id))).all()
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "0005"))
        old = (await connection.exec_driver_sql("SELECT form, due_at FROM deadline ORDER BY form")).all()
        due = (await connection.exec_driver_sql("SELECT due_at FROM assignment ORDER BY id")).all()
    await engine.dispose()

    assert [tuple(row) for row in stages] == [("", 900), ("dekela", 500)]
    assert [as_ms(end) for one in written for each in decode_windows(one) if (end := each.closes_at)] == [500, 900]
    assert [tuple(row) for row in old] == [("dekela", 500), ("kelana", 900)]
    assert [tuple(row) for row in due] == [(500,), (900,)]
