"""The record of a broadcast as tables: one that sums up, one with a line for each person."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import msgspec

from conversations.brief import Library
from conversations.broadcasts import Failure, Fate, LeftOut, Recipient, Record
from conversations.hours import zone_of
from conversations.texts import Texts, texts_for
from conversations.views.naming import post_name

Cell = str | int | datetime | None
Why = Failure | LeftOut | None
COLUMNS = ("person", "post", "subdistrict", "channel", "fate", "why", "ended", "delivered", "read")


class Table(msgspec.Struct, frozen=True):
    """A sheet of a workbook."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    """The first one names the columns; moments are aware, in the district's time."""


def record_tables(record: Record, library: Library) -> tuple[Table, ...]:
    """Write a record in the words of whoever asked for it."""
    texts, zone = texts_for(record.language), zone_of(record.region_code)
    names = tuple(texts.plain(f"broadcast.column.{each}") for each in COLUMNS)
    people = tuple(_person(each, texts, zone, library) for each in record.recipients)
    return (
        Table(texts.plain("broadcast.sheet.summary"), _summary(record, texts, zone)),
        Table(texts.plain("broadcast.sheet.people"), (names, *people)),
    )


def record_name(record: Record) -> str:
    """Name the file: ``siaran-5-2026-03-09.xlsx``."""
    day = record.broadcast.starts_at.astimezone(zone_of(record.region_code)).date()
    return f"siaran-{record.broadcast.id}-{day.isoformat()}.xlsx"


def _summary(record: Record, texts: Texts, zone: timezone) -> tuple[tuple[Cell, ...], ...]:
    broadcast = record.broadcast
    fates = Counter((each.fate, each.why) for each in record.recipients)
    moments = (("starts", broadcast.starts_at), ("ends", broadcast.ended_at))
    return (
        (texts.plain("broadcast.summary.text"), broadcast.text),
        *((texts.plain(f"broadcast.summary.{name}"), _there(moment, zone)) for name, moment in moments),
        (texts.plain("broadcast.summary.people"), len(record.recipients)),
        *((_fate(fate, why, texts), amount) for (fate, why), amount in fates.most_common()),
    )


def _fate(fate: Fate, why: Why, texts: Texts) -> str:
    said = texts.plain(f"broadcast.fate.{fate.value}")
    return f"{said}: {_why(why, texts)}" if why else said


def _why(why: Why, texts: Texts) -> str:
    return texts.plain(f"broadcast.why.{why.value}") if why else ""


def _person(recipient: Recipient, texts: Texts, zone: timezone, library: Library) -> tuple[Cell, ...]:
    region = recipient.post.region
    moments = (recipient.ended_at, recipient.delivered_at, recipient.read_at)
    return (
        recipient.person.called,
        post_name(library, recipient.post, texts),
        region.name if region.kind == "subdistrict" else region.subdistrict,
        recipient.channel_name,
        texts.plain(f"broadcast.fate.{recipient.fate.value}"),
        _why(recipient.why, texts),
        *(_there(moment, zone) for moment in moments),
    )


def _there(moment: datetime | None, zone: timezone) -> datetime | None:
    return None if moment is None else moment.astimezone(zone)
