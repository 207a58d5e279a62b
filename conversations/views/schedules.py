"""A district's calendar as a list: each stage with its times, and who has longer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice

from conversations.brief import Library
from conversations.calendar import ALL_FORMS, Times
from conversations.needs import ShownCalendar
from conversations.people import Region
from conversations.texts import Markup, Texts
from conversations.views.calendar import end_text, span_text
from conversations.views.naming import post_name

MOST_EXTENSIONS = 10


def calendar_text(
    shown: ShownCalendar, district: Region, library: Library, texts: Texts, *, at: datetime, forms: Collection[str]
) -> Markup:
    """List the stages that have times, those of single forms only for these; what is going on now stands out."""
    title = texts("calendar.title", region=district.name, year=shown.calendar.year)
    times = [each for each in shown.calendar.times if _is_set(each) and each.form in (ALL_FORMS, *forms)]
    listed = list(_stages(times, district.code, library, texts, at=at))
    stages = "\n".join(listed) if listed else texts("calendar.none")
    return Markup(f"{title}\n\n{stages}")


def extensions_text(shown: ShownCalendar, library: Library, texts: Texts, at: datetime) -> Markup | None:
    """List the extensions that have not ended, the next to end first."""
    lasting = [each for each in shown.calendar.extensions if each.until > at]
    if not lasting:
        return None
    listed = [
        texts(
            "calendar.extension",
            post=post_name(library, held, texts),
            end=end_text(each.until, held.region.code, texts),
            reason=each.reason,
        )
        for each in islice(lasting, MOST_EXTENSIONS)
        for held in (shown.posts[each.post],)
    ]
    more = len(lasting) - MOST_EXTENSIONS
    rest = [texts.count("calendar.more", more)] if more > 0 else []
    return Markup("\n".join([texts("calendar.extensions"), *listed, *rest]))


def stage_name(stage: str, form: str, library: Library, texts: Texts) -> str:
    """Name a stage of the instrument's calendar, with the one form that is meant."""
    known = library.instrument.stage(stage)
    title = known.title.said(texts.language) if known else stage
    return f"{title} ({library.forms[form].title.said(texts.language)})" if form in library.forms else title


def times_text(times: Times | None, code: str, texts: Texts) -> Markup:
    """Say when a stage is, or that nobody has said."""
    if times is None or not _is_set(times):
        return texts("calendar.not_set")
    return span_text(times.opens_at, times.due_at, code, texts)


def _stages(listed: Sequence[Times], code: str, library: Library, texts: Texts, *, at: datetime) -> Iterator[Markup]:
    for stage in library.instrument.stages:
        for times in [each for each in listed if each.key == stage.key]:
            key = "calendar.stage_now" if _is_on(times, at) else "calendar.stage"
            title = stage_name(stage.key, times.form, library, texts)
            yield texts(key, title=title, times=times_text(times, code, texts))


def _is_set(times: Times) -> bool:
    return times.opens_at is not None or times.due_at is not None


def _is_on(times: Times, at: datetime) -> bool:
    has_begun = times.opens_at is None or times.opens_at <= at
    return has_begun and times.closes_at is not None and at < times.closes_at
