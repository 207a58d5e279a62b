"""When the stages of a year's cycle are, in each kabupaten or kota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import click

from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.settings import Settings
from conversations.calendar import Calendar, Extension, Times, at_work
from conversations.hours import zone_of
from conversations.people import Role
from indicators.instrument import Instrument, Stage
from storage.errors import StorageError
from storage.store import Store

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
HEADS = {2: Role.VILLAGE_HEAD, 1: Role.SUBDISTRICT_HEAD}
"""Whose post is meant without ``--role``, by the number of parts of the region's code after the district's."""
FORM = click.option("--form", default="", help="Only this form (dekela, kelana, kabupaten); otherwise all.")


@click.group()
def calendar() -> None:
    """Show and change when answers are taken, stage by stage.

    Moments are days (2026-03-31) or days with an hour ("2026-04-08 14:00"), in the time of the region.
    People whose own time changes are told once, ten minutes after the last change.
    """


@calendar.command()
@click.argument("region")
def show(region: str) -> None:
    """Show the calendar of the kabupaten or kota with the code REGION."""
    for line in in_loop(_show(region)):
        click.echo(line)


@calendar.command("set")
@click.argument("region")
@click.argument("stage")
@FORM
@click.option("--opens", type=MOMENT, help="From when on; a day begins at midnight.")
@click.option("--due", type=MOMENT, help="The end that people are told; a day counts to its end.")
@click.option("--closes", type=MOMENT, help="When nothing is taken any more, if later than --due: grace.")
@click.option("--hours", type=click.IntRange(1, 240), help="From --opens (or now) for so many hours: a repair.")
@click.option("--clear", is_flag=True, help="Forget the times of this stage.")
def set_(region: str, stage: str, form: str, **wish: Any) -> None:
    """Say when STAGE (such as evaluasi_mandiri or perbaikan) is, in the kabupaten or kota with the code REGION.

    What is not said stays as it is.
    """
    click.echo(in_loop(_set(region, stage, form, wish)))


@calendar.command()
@click.argument("region")
@click.option("--until", type=MOMENT, help="The later end; a day counts to its end.")
@click.option("--hours", type=click.IntRange(1, 240), help="Instead: for so many hours from now.")
@click.option("--reason", default="", help="Why; the person is told.")
@click.option("--stage", default="", help="Which stage; otherwise the one that matters now.")
@FORM
@click.option("--role", type=click.Choice([each.value for each in Role]), help="Whose, in a kabupaten or kota.")
@click.option("--office", default="", help="Code of the office, for the role office.")
@click.option("--withdraw", is_flag=True, help="Take the post's extensions back.")
def extend(region: str, **wish: Any) -> None:
    """Give the post of REGION (a code) a later end, with a reason."""
    click.echo(in_loop(_extend(region, wish)))


async def _show(region: str) -> list[str]:
    async with opened(Settings()) as store:
        here, found = await store.calendar.of(region)
        posts = {each.id: each for each in await store.roster.posts(district=here.code)}
    zone = zone_of(here.code)
    lines = [f"{here.name}, {found.year} ({zone.tzname(None)})"]
    for stage in store.library.instrument.stages:
        lines += [_line(stage, times, here.code) for times in found.times if times.key == stage.key]
    for each in found.extensions:
        held = posts[each.post]
        which = " ".join(part for part in (held.region.code, held.role.value, held.office, each.form) if part)
        lines.append(f"  {each.stage:<24}{which}: {_end(each.until, here.code)} ({each.reason})")
    return lines


def _line(stage: Stage, times: Times, code: str) -> str:
    parts = (
        f"from {_written(times.opens_at, code)}" if times.opens_at else "",
        _end(times.due_at, code) if times.due_at else "" if times.opens_at else "no end",
        f"closes {_written(times.closes_at, code)}" if times.closes_at != times.due_at and times.closes_at else "",
        f"only {times.form}" if times.form else "",
        "" if stage.takes_answers else "(no answers)",
    )
    return f"  {stage.key:<24}{', '.join(part for part in parts if part)}"


def _written(at: datetime, code: str) -> str:
    there = at.astimezone(zone_of(code))
    return f"{there:%Y-%m-%d}" if there.time() == time() else f"{there:%Y-%m-%d %H:%M}"


def _end(at: datetime, code: str) -> str:
    """An end at midnight belongs to the day before."""
    there = at.astimezone(zone_of(code))
    is_midnight = there.time() == time()
    return f"through {there - timedelta(days=1):%Y-%m-%d}" if is_midnight else f"until {there:%Y-%m-%d %H:%M}"


async def _set(region: str, stage: str, form: str, wish: Mapping[str, Any]) -> str:
    now = _this_minute()
    async with opened(Settings()) as store:
        _check(store, stage, form)
        here, _ = await store.calendar.of(region)
        if wish["clear"]:
            many = await store.calendar.clear(here.code, stage, form, at=now)
            return f"{stage}: no times any more; questionnaires with other times: {many}."
        opens_at, due_at = _begin(wish["opens"], here.code), _ending(wish["due"], here.code)
        if wish["hours"]:
            opens_at = opens_at or now
            due_at = opens_at + timedelta(hours=wish["hours"])
        closes_at = _ending(wish["closes"], here.code)
        times, many = await store.calendar.set_times(
            here.code, stage, form, at=now, opens_at=opens_at, due_at=due_at, closes_at=closes_at
        )
        shown = store.library.instrument.stage(stage)
        assert shown
        return f"{_line(shown, times, here.code).strip()}; questionnaires with other times: {many}."


async def _extend(region: str, wish: Mapping[str, Any]) -> str:
    now = _this_minute()
    async with opened(Settings()) as store:
        here, found = await store.calendar.of(region)
        post = await _post(store, region, wish)
        if wish["withdraw"]:
            many = await store.calendar.withdraw(region, post, at=now)
            return f"No extension any more; questionnaires with other times: {many}."
        until = _ending(wish["until"], here.code) or (now + timedelta(hours=wish["hours"]) if wish["hours"] else None)
        if until is None or until <= now:
            raise StorageError("An end in the future was expected; none was given. Say --until or --hours.")
        stage = wish["stage"] or _stage_now(found, store.library.instrument, wish["form"], now)
        _check(store, stage, wish["form"])
        granted = Extension(post, stage, until, wish["reason"].strip(), now, wish["form"])
        many = await store.calendar.extend(region, granted)
    if not many:
        return "Nothing changed: the time of everybody ends later, or has no end."
    return f"{stage}: {_end(until, here.code)}; questionnaires with other times: {many}."


async def _post(store: Store, region: str, wish: Mapping[str, Any]) -> int:
    role = wish["role"] or HEADS.get(region.count(".") - 1)
    if role is None:
        raise StorageError("A role was expected; a kabupaten has several. Say --role, and --office for an office.")
    number = await store.roster.find_post(region, Role(role), wish["office"])
    if number is None:
        raise StorageError(f"A post on the roster was expected; {role} of {region} is none. Correct the code.")
    return number


def _stage_now(found: Calendar, instrument: Instrument, form: str, now: datetime) -> str:
    window = at_work(found.windows(form, instrument.answering), now)
    return window.stage if window else instrument.answering[0]


def _check(store: Store, stage: str, form: str) -> None:
    """Refuse words that name nothing.

    Raises:
        StorageError: there is no such stage or form.
    """
    stages: Sequence[str] = [each.key for each in store.library.instrument.stages]
    if stage not in stages:
        raise StorageError(f"A stage was expected ({', '.join(stages)}); {stage!r} is none. Correct it.")
    if form and form not in store.library.forms:
        raise StorageError(f"A form was expected ({', '.join(store.library.forms)}); {form!r} is none. Correct it.")


def _this_minute() -> datetime:
    """Whoever gives 48 hours does not think of seconds."""
    return SystemClock().now().replace(second=0, microsecond=0)


def _begin(written: datetime | None, code: str) -> datetime | None:
    return written.replace(tzinfo=zone_of(code)) if written else None


def _ending(written: datetime | None, code: str) -> datetime | None:
    """A day counts to its end."""
    if written is None:
        return None
    there = written.replace(tzinfo=zone_of(code))
    return there + timedelta(days=1) if there.time() == time() else there
