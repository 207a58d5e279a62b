"""The command line, on a database of its own."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.composition import DIALOG, load_library, open_store
from bot.deciding import Dialog
from bot.exclusive import only_one
from bot.pipeline import Pipeline
from bot.settings import Settings
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import Event, TextReceived
from conversations.session import Session
from storage.turns import AddressKey, Envelope
from tests.databases import PostgresqlDatabases

Command = Callable[..., Result]
VILLAGE = "16.07.01.2002"


@pytest.fixture
def jemputbola(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEMPUTBOLA_WEB_PORT", "0")
    runner = CliRunner()
    return lambda *words: runner.invoke(main, words, catch_exceptions=False)


@pytest.fixture
def with_district(jemputbola: Command) -> Command:
    assert jemputbola("district", "add", "16.07", "--year", "2026", "--due", "2026-03-31").exit_code == 0
    return jemputbola


def test_help_lists_the_commands(jemputbola: Command) -> None:
    said = jemputbola("--help").output

    commands = "run db backup restore form district invite answers approve person failed doctor"
    for command in commands.split():
        assert f"  {command} " in said


def test_running_without_any_channel_is_refused_with_the_way_out(
    jemputbola: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEMPUTBOLA_SIMULATOR", "false")

    result = jemputbola("run")

    assert result.exit_code == 1
    assert "JEMPUTBOLA_TELEGRAM_TOKEN" in result.output


def test_a_setting_that_cannot_be_used_is_named(jemputbola: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_WEB_PORT", "99999")

    result = jemputbola("run")

    assert result.exit_code == 1
    assert "JEMPUTBOLA_WEB_PORT" in result.output


def test_a_district_is_added_with_all_its_villages(jemputbola: Command) -> None:
    said = jemputbola("district", "add", "16.07", "--year", "2026").output

    assert said.startswith("Kabupaten Banyuasin: ")
    assert "313 desa/kelurahan" in said


def test_a_deadline_ends_with_its_day_in_jakarta(with_district: Command, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "var/jemputbola.db") as connection:
        (due_at,) = connection.execute("SELECT DISTINCT due_at FROM stage").fetchone()

    assert due_at == 1774976400_000  # 2026-03-31 17:00 UTC is midnight in Jakarta


def test_an_unknown_district_is_refused_with_an_example(jemputbola: Command) -> None:
    result = jemputbola("district", "add", "99.99", "--year", "2026")

    assert result.exit_code == 1
    assert "16.07" in result.output


def test_a_whole_district_is_invited_by_spreadsheet(with_district: Command, tmp_path: Path) -> None:
    said = with_district("invite", "16.07", "--output", "undangan.xlsx").output

    sheet = openpyxl.load_workbook(tmp_path / "undangan.xlsx")["Undangan"]
    rows = list(sheet.iter_rows(values_only=True))
    village = next(row for row in rows if row[0] == VILLAGE)
    assert said.startswith(f"{len(rows) - 1} invitations")
    assert village[3] == f"Kepala Desa {village[2]}, Kecamatan {village[1]}"
    assert len({row[4] for row in rows}) == len(rows)


def test_one_post_is_invited_with_a_code(with_district: Command) -> None:
    said = with_district("invite", VILLAGE, "--role", "village_head", "--name", "Ahmad").output

    assert len(said.strip()) == 10


def test_an_invitation_to_a_post_that_does_not_exist_is_refused(with_district: Command) -> None:
    assert with_district("invite", VILLAGE, "--role", "coordinator").exit_code == 1


def test_an_invitation_needs_a_role_or_a_file(with_district: Command) -> None:
    assert "--role" in with_district("invite", "16.07").output


def test_approving_what_nobody_answered_is_refused(with_district: Command) -> None:
    result = with_district("approve", VILLAGE, "dekela", "26.6")

    assert result.exit_code == 1
    assert "26.6" in result.output


def test_what_nobody_answered_cannot_be_given_back(with_district: Command) -> None:
    result = with_district("answers", "return", VILLAGE, "dekela", "26.6", "--reason", "Mohon SK 2024.")

    assert result.exit_code == 1
    assert "26.6" in result.output


@pytest.mark.parametrize("reason", ["  ", "x" * 501])
def test_a_reason_that_nobody_could_read_is_refused(with_district: Command, reason: str) -> None:
    result = with_district("answers", "return", VILLAGE, "dekela", "26.6", "--reason", reason)

    assert result.exit_code == 2
    assert "1 to 500 characters" in result.output


def test_approving_a_form_that_is_not_asked_there_is_refused(with_district: Command) -> None:
    assert "not asked" in with_district("approve", VILLAGE, "kabupaten", "1.1").output


def test_ending_a_post_that_nobody_holds_is_refused(with_district: Command) -> None:
    assert "nobody" in with_district("person", "end-post", VILLAGE, "village_head").output


def test_nobody_holds_a_new_post(with_district: Command) -> None:
    assert with_district("person", "list", VILLAGE, "village_head").output == ""


def test_an_installation_moves_to_postgresql(
    with_district: Command, postgresql_databases: PostgresqlDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = "sqlite+aiosqlite:///var/jemputbola.db", postgresql_databases.blank()

    with only_one(source):
        refused = with_district("db", "copy", source, target)
    copied = with_district("db", "copy", source, target)
    monkeypatch.setenv("JEMPUTBOLA_DATABASE_URL", target)
    invited = with_district("invite", VILLAGE, "--role", "village_head")
    postgresql_databases.drop(target)

    assert (refused.exit_code, "Stop that one first" in refused.output) == (1, True)
    assert (copied.exit_code, "JEMPUTBOLA_DATABASE_URL" in copied.output) == (0, True)
    assert re.search(r"^region +\d+ rows, the same on both sides$", copied.output, re.MULTILINE)
    assert len(invited.output.strip()) == 10


def test_a_new_database_has_no_failures(jemputbola: Command) -> None:
    jemputbola("db", "upgrade")

    assert jemputbola("failed", "list").output == ""
    assert "0 failed events are left" in jemputbola("failed", "retry").output
    assert "99 is none. List them first." in jemputbola("failed", "retry", "99").output


def test_an_event_that_failed_is_tried_again_after_the_repair(jemputbola: Command) -> None:
    jemputbola("db", "upgrade")
    in_loop(fail_to_answer(Settings(), "bantuan"))

    assert "RuntimeError" in jemputbola("failed", "list").output
    assert "0 failed events are left" in jemputbola("failed", "retry").output
    assert jemputbola("failed", "list").output == ""


def test_failed_events_stay_when_the_database_refuses_them(jemputbola: Command) -> None:
    jemputbola("db", "upgrade")
    in_loop(fail_to_answer(Settings(), "bantuan"))
    with closing(sqlite3.connect("var/jemputbola.db")) as database:
        database.execute("ALTER TABLE event_key RENAME TO elsewhere")

    refused = jemputbola("failed", "retry")

    assert refused.exit_code == 1
    assert "They are kept as they were" in refused.output
    assert "RuntimeError" in jemputbola("failed", "list").output


async def fail_to_answer(settings: Settings, text: str) -> None:
    """Run a pipeline whose dialog breaks, on one message."""

    def break_down(_brief: Brief, _session: Session, _event: Event) -> Step:
        raise RuntimeError("broken")

    store = open_store(settings, load_library(settings))
    clock = SystemClock()
    dialog = Dialog(break_down, DIALOG.anticipate, DIALOG.apologise)
    pipeline = Pipeline(store.begin_turns, dialog, clock, lambda _committed: None)
    event = TextReceived(at=clock.now(), text=text)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run())
        await pipeline.submit([Envelope("telegram:1:1", AddressKey("telegram", "1", "77"), event)])
        pipeline.stop()
    await store.close()


def test_the_doctor_finds_a_fresh_installation_well(jemputbola: Command) -> None:
    result = jemputbola("doctor")

    assert result.exit_code == 0, result.output
    assert "BAD" not in result.output


def test_the_doctor_says_when_nothing_is_switched_on(jemputbola: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEMPUTBOLA_SIMULATOR", "false")

    result = jemputbola("doctor")

    assert result.exit_code == 1
    assert "BAD channels" in result.output


def test_a_form_of_the_instrument_is_known_by_its_key(jemputbola: Command) -> None:
    assert "Akta kelahiran" in jemputbola("form", "show", "dekela").output


def test_a_form_can_be_checked_and_exported(jemputbola: Command, tmp_path: Path) -> None:
    exported = jemputbola("form", "export", "kelana", "kelana.xlsx")
    checked = jemputbola("form", "check", str(tmp_path / "kelana.xlsx"))

    assert (exported.exit_code, checked.exit_code) == (0, 0), checked.output


def test_a_form_that_does_not_exist_is_refused(jemputbola: Command) -> None:
    assert "neither" in jemputbola("form", "show", "nothing").output


def test_a_backup_is_put_back_and_what_was_there_is_kept_aside(with_district: Command, tmp_path: Path) -> None:
    made = with_district("backup", "--keep", "3")
    (place,) = (tmp_path / "var/backup").glob("20*Z")
    with_district("district", "add", "16.02", "--year", "2026")

    refused = with_district("restore", str(place))
    restored = with_district("restore", str(place), "--replace")

    assert (made.exit_code, refused.exit_code, restored.exit_code) == (0, 1, 0), restored.output
    assert "--replace" in refused.output
    assert len(list((tmp_path / "var").glob("jemputbola.db.replaced-*"))) == 1
    with sqlite3.connect(tmp_path / "var/jemputbola.db") as connection:
        assert connection.execute("SELECT count(DISTINCT district_id) FROM stage").fetchone() == (1,)


def test_nothing_is_put_back_while_the_bot_runs(with_district: Command, tmp_path: Path) -> None:
    with_district("backup")
    (place,) = (tmp_path / "var/backup").glob("20*Z")

    with only_one("sqlite+aiosqlite:///var/jemputbola.db"):
        result = with_district("restore", str(place), "--replace")

    assert result.exit_code == 1
    assert "Stop that one first" in result.output


def test_a_calendar_is_set_stage_by_stage_and_shown(with_district: Command) -> None:
    with_district("calendar", "set", "16.07", "evaluasi_mandiri", "--opens", "2026-02-07")
    with_district("calendar", "set", "16.07", "evaluasi_mandiri", "--form", "kelana", "--due", "2026-03-11")
    said = with_district(
        "calendar", "set", "16.07.01", "perbaikan", "--opens", "2026-05-04 14:00", "--hours", "48", "--form", "dekela"
    ).output
    with_district("calendar", "set", "16.07", "perbaikan", "--opens", "2026-05-01", "--due", "2026-05-08")
    with_district("calendar", "set", "16.07", "perbaikan", "--closes", "2026-05-09 12:00")
    with_district("calendar", "set", "16.07", "pengumuman", "--opens", "2026-07-23")
    with_district("calendar", "set", "16.07", "final", "--opens", "2026-07-01")
    with_district("calendar", "set", "16.07", "final", "--clear")

    shown = with_district("calendar", "show", "16.07").output

    assert "questionnaires with other times: 313." in said
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        "Kabupaten Banyuasin, 2026 (WIB)",
        "evaluasi_mandiri from 2026-02-07, through 2026-03-31",
        "evaluasi_mandiri from 2026-02-07, through 2026-03-11, only kelana",
        "perbaikan from 2026-05-01, through 2026-05-08, closes 2026-05-09 12:00",
        "perbaikan from 2026-05-04 14:00, until 2026-05-06 14:00, only dekela",
        "pengumuman from 2026-07-23, (no answers)",
    ]


def test_an_extension_is_granted_shown_and_withdrawn(with_district: Command) -> None:
    with_district("calendar", "set", "16.07", "evaluasi_mandiri", "--clear")
    with_district("calendar", "set", "16.07", "evaluasi_mandiri", "--due", "2126-03-31")
    extend = ("calendar", "extend", "16.07.01.2003")

    said = with_district(*extend, "--until", "2126-04-07", "--reason", "Banjir").output
    office = ("--role", "office", "--office", "dinkes", "--stage", "evaluasi_mandiri", "--form", "kabupaten")
    with_district("calendar", "extend", "16.07", *office, "--until", "2126-04-08 12:00")
    shown = with_district("calendar", "show", "16.07").output
    too_early = with_district(*extend, "--until", "2126-03-30").output
    with_district("calendar", "extend", "16.07", *office, "--withdraw")
    withdrawn = with_district(*extend, "--withdraw").output

    assert said == "evaluasi_mandiri: through 2126-04-07; questionnaires with other times: 1.\n"
    assert "evaluasi_mandiri        16.07.01.2003 village_head: through 2126-04-07 (Banjir)" in shown
    assert "evaluasi_mandiri        16.07 office dinkes kabupaten: until 2126-04-08 12:00 ()" in shown
    assert "questionnaires with other times: 1." in too_early  # it took the place of the longer one
    assert withdrawn.startswith("No extension any more")
    assert "village_head" not in with_district("calendar", "show", "16.07").output


REFUSED = {
    ("show", "16.03"): "is none",
    ("set", "16.07", "nothere", "--hours", "1"): "A stage was expected (evaluasi_mandiri,",
    ("set", "16.07", "perbaikan", "--form", "nothere", "--hours", "1"): "A form was expected (dekela,",
    ("set", "16.07", "perbaikan"): "none was given",
    ("set", "16.07", "perbaikan", "--opens", "2026-05-02", "--due", "2026-05-01"): "end after the beginning",
    ("set", "16.07", "perbaikan", "--due", "2026-05-02", "--closes", "2026-05-01"): "not before the due moment",
    ("extend", "16.07", "--hours", "4"): "A role was expected",
    ("extend", "16.07.01.9999", "--hours", "4"): "is none",
    ("extend", "16.07.01.2003", "--until", "2020-01-01"): "An end in the future was expected",
    ("extend", "16.07", "--role", "office", "--office", "x", "--hours", "4"): "A post on the roster was expected",
}


def test_a_calendar_refuses_what_cannot_be(with_district: Command) -> None:
    refused = {command: with_district("calendar", *command) for command in REFUSED}

    assert {each.exit_code for each in refused.values()} == {1}
    assert [command for command, said in REFUSED.items() if said not in refused[command].output] == []
