"""The coordinator changes when a stage is, or gives one post longer: asked step by step, and confirmed before."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from conversations.actions import Extend, SetTimes
from conversations.calendar import ALL_FORMS, Calendar, Fault, Times, Window, at_work, moved
from conversations.dialogs import calendar
from conversations.dialogs.asking import asking_of
from conversations.hours import last_day
from conversations.messages import Button
from conversations.needs import RegionNeed, RegionSearchNeed
from conversations.people import Post, Region, Role
from conversations.session import Home, Scheduling
from conversations.spans import read_span
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.bars import long_date
from conversations.views.calendar import end_text, span_text
from conversations.views.naming import office_name, post_name, region_name
from conversations.views.schedules import stage_name, times_text
from conversations.words import NO, YES, plain

UNITS = {"village": "desa", "subdistrict": "kecamatan", "district": "kabupaten"}
ROLE_OF = {"village": Role.VILLAGE_HEAD, "subdistrict": Role.SUBDISTRICT_HEAD}
MOST_OFFERED = 5
MOST_SEARCH_CHARACTERS = 80
MOST_REASON_CHARACTERS = 300
ALL = "all"
A_WEEK = timedelta(days=7)
"""Later than an end: what is given as an example."""
LEAST_CHARACTERS = 3
"""Of an office's name that is looked for."""


def take_words(turn: Turn, words: str) -> None:
    """``jadwal``, or, from the coordinator, at once with what is wanted: ``jadwal perbaikan 48 jam``."""
    stage = _stage_named(turn, words)
    if not stage or turn.holds(Role.COORDINATOR) is None or calendar.known(turn) is None:
        calendar.show(turn)
        return
    turn.note(paused=asking_of(turn.session))
    place = Scheduling(stage=stage, form=ALL_FORMS)
    rest = " ".join(plain(words).split()[len(_words_of(turn, stage, words)) :])
    if rest:
        turn.move(place)
        take_text(turn, place, rest)
    else:
        _go_on(turn, replace(place, form=None))


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap about the calendar; whoever does not coordinate sees it, and changes nothing."""
    what = tapped.text(0)
    if what not in STEPS or turn.holds(Role.COORDINATOR) is None or calendar.known(turn) is None:
        calendar.show(turn)
        return
    place = turn.place if isinstance(turn.place, Scheduling) else Scheduling()
    STEPS[what](turn, place, tapped)


def _begin(turn: Turn, _place: Scheduling, tapped: Tap) -> None:
    turn.note(paused=asking_of(turn.session))
    _go_on(turn, Scheduling(is_extension=tapped.text(0) == "extend"))


def _choose_stage(turn: Turn, _place: Scheduling, tapped: Tap) -> None:
    known = turn.brief.library.instrument.stage(tapped.text(1))
    _go_on(turn, Scheduling(stage=known.key if known else ""))


def _list_record(turn: Turn, _place: Scheduling, _tapped: Tap) -> None:
    """Offer the large stages that are written down without anything happening by them."""
    turn.move(Scheduling())
    turn.say(turn.texts("schedule.record"), column(*_stage_buttons(turn, is_of_record=True), _cancel(turn)))


def _stage_buttons(turn: Turn, *, is_of_record: bool) -> list[Button]:
    stages = [each for each in turn.brief.library.instrument.stages if each.is_of_record == is_of_record]
    return [Button(each.title.said(turn.texts.language), _tap("stage", each.key)) for each in stages]


def _choose_form(turn: Turn, place: Scheduling, tapped: Tap) -> None:
    form = tapped.text(1)
    is_known = form in turn.brief.library.forms
    _go_on(turn, replace(place, form=ALL_FORMS if form == ALL else form if is_known else None))


def _choose_region(turn: Turn, _place: Scheduling, tapped: Tap) -> None:
    region = turn.find(RegionNeed(tapped.number(1)))
    post = turn.holds(Role.COORDINATOR)
    assert post  # whoever gets here
    if not isinstance(region, Region) or region.kind not in ROLE_OF or region.district_id != post.region.district_id:
        _go_on(turn, Scheduling(is_extension=True))
        return
    _go_on(turn, Scheduling(is_extension=True, holder=Post(0, ROLE_OF[region.kind], region)))


def _choose_office(turn: Turn, _place: Scheduling, tapped: Tap) -> None:
    offices, office = _offices(turn), tapped.text(1)
    post = turn.holds(Role.COORDINATOR)
    assert post
    if office in offices:
        _go_on(turn, Scheduling(is_extension=True, holder=Post(0, Role.OFFICE, post.region, office=office)))
    else:
        turn.move(Scheduling(is_extension=True))
        turn.say(turn.texts("schedule.office"), column(*_office_buttons(turn), _cancel(turn)))


def _again(turn: Turn, place: Scheduling, _tapped: Tap) -> None:
    _go_on(turn, replace(place, opens_at=None, due_at=None, reason=""))


def _confirmed(turn: Turn, place: Scheduling, _tapped: Tap) -> None:
    """Do what was confirmed, if it still fits what is there by now."""
    if _is_complete(place) and place.is_extension:
        _extend(turn, place)
    elif _is_complete(place):
        _set_times(turn, place)
    else:
        _go_on(turn, place)


STEPS = {
    "change": _begin,
    "extend": _begin,
    "record": _list_record,
    "stage": _choose_stage,
    "form": _choose_form,
    "region": _choose_region,
    "office": _choose_office,
    "again": _again,
    "yes": _confirmed,
}


def repeat(turn: Turn, place: Scheduling) -> None:
    """Ask once more for what is missing."""
    if turn.holds(Role.COORDINATOR) is None or calendar.known(turn) is None:
        calendar.show(turn)
        return
    _go_on(turn, place)


def take_text(turn: Turn, place: Scheduling, written: str) -> None:
    """Take what is typed: a stage, a form, a region, a moment or a reason, whichever is missing."""
    if _is_complete(place) and (words := plain(written)) in YES | NO:
        take_tap(turn, Tap(Verb.CALENDAR, ("yes" if words in YES else "again",)))
    elif place.is_extension and place.holder is None:
        _search(turn, written)
    elif place.is_extension and place.due_at is not None and not place.reason:
        _go_on(turn, replace(place, reason=" ".join(written[:MOST_REASON_CHARACTERS].split())))
    elif place.is_extension or (place.stage and place.form is not None and not _has_times(place)):
        _take_span(turn, place, written)
    elif not place.stage and (stage := _stage_named(turn, written)):
        _go_on(turn, replace(place, stage=stage))
    else:
        _go_on(turn, place, before=turn.texts("schedule.choose"))


def _take_span(turn: Turn, place: Scheduling, written: str) -> None:
    district = _district(turn)
    span = read_span(written, turn.event.at, district.code)
    if span is None:
        _go_on(turn, place, before=turn.texts("schedule.not_a_moment"))
    elif place.is_extension:
        _take_until(turn, place, span.due_at)
    else:
        times = moved(_times(turn, place), opens_at=span.opens_at, due_at=span.due_at)
        if isinstance(times, Times):
            _go_on(turn, replace(place, opens_at=span.opens_at, due_at=span.due_at))
        else:
            _go_on(turn, place, before=turn.texts("schedule.ends_too_early"))


def _take_until(turn: Turn, place: Scheduling, until: datetime | None) -> None:
    """An extension ends later than everybody's window, and is not over yet."""
    window = _window(turn, place)
    lasts_at_least = max(turn.event.at, window.closes_at) if window and window.closes_at else turn.event.at
    if until is None or until <= lasts_at_least:
        _go_on(turn, place, before=turn.texts("schedule.not_longer"))
        return
    _go_on(turn, replace(place, due_at=until))


def _search(turn: Turn, written: str) -> None:
    words = written[:MOST_SEARCH_CHARACTERS].strip().casefold()
    found = turn.find(RegionSearchNeed(words, tuple(ROLE_OF), _district(turn).code))
    assert isinstance(found, tuple)
    regions = [Button(region_name(each, turn.texts), _tap("region", each.id)) for each in found[:MOST_OFFERED]]
    offices = [
        each for each in _office_buttons(turn) if len(words) >= LEAST_CHARACTERS and words in each.label.casefold()
    ]
    if not regions and not offices:
        _go_on(turn, Scheduling(is_extension=True), before=turn.texts("schedule.region_unknown"))
        return
    turn.say(turn.texts("schedule.which_region"), column(*offices, *regions, _cancel(turn)))


def _office_buttons(turn: Turn) -> list[Button]:
    return [Button(office_name(turn.brief.library, each, turn.texts), _tap("office", each)) for each in _offices(turn)]


def _go_on(turn: Turn, place: Scheduling, *, before: Markup | str = "") -> None:
    """Ask for the next thing that is missing; when nothing is, ask whether it is right."""
    turn.move(place)
    text, buttons = _asked_for_extension(turn, place) if place.is_extension else _asked_for_times(turn, place)
    turn.say(joined(before, text), buttons)


def _asked_for_times(turn: Turn, place: Scheduling) -> tuple[Markup, Buttons]:
    texts, library = turn.texts, turn.brief.library
    stage = library.instrument.stage(place.stage)
    if stage is None:
        has_record = any(each.is_of_record for each in library.instrument.stages)
        record = [Button(texts.plain("button.calendar_record"), _tap("record"))] if has_record else []
        return texts("schedule.stage"), column(*_stage_buttons(turn, is_of_record=False), *record, _cancel(turn))
    title = stage.title.said(texts.language)
    if place.form is None and stage.takes_answers:
        forms = [Button(form.title.said(texts.language), _tap("form", key)) for key, form in library.forms.items()]
        every = Button(texts.plain("button.calendar_all"), _tap("form", ALL))
        return texts("schedule.form", stage=title), column(every, *forms, _cancel(turn))
    named = replace(place, form=place.form or ALL_FORMS)
    turn.move(named)
    old = _times(turn, named)
    code, title = _district(turn).code, stage_name(named.stage, named.form or ALL_FORMS, library, texts)
    said = times_text(old, code, texts)
    new = moved(old, opens_at=named.opens_at, due_at=named.due_at)
    if isinstance(new, Fault):
        first, last = (long_date(turn.today + timedelta(days=days), texts.language) for days in (1, 7))
        return texts("schedule.times", stage=title, times=said, first=first, last=last), column(_cancel(turn))
    confirm = texts("schedule.confirm", stage=title, old=said, new=times_text(new, code, texts))
    return confirm, _confirmation(turn)


def _asked_for_extension(turn: Turn, place: Scheduling) -> tuple[Markup, Buttons]:
    texts = turn.texts
    if place.holder is None:
        office = Button(texts.plain("button.calendar_office"), _tap("office"))
        return texts("schedule.whose"), column(office, _cancel(turn))
    post, code = post_name(turn.brief.library, place.holder, texts), place.holder.region.code
    window = _window(turn, place)
    if window is None or window.due_at is None:
        turn.move(Home())
        return texts("schedule.endless", post=post), column(_cancel(turn))
    stage = stage_name(window.stage, ALL_FORMS, turn.brief.library, texts)
    if place.due_at is None:
        later = long_date(last_day(max(window.due_at, turn.event.at) + A_WEEK, code), texts.language)
        end = end_text(window.due_at, code, texts)
        return texts("schedule.until", post=post, stage=stage, end=end, later=later), column(_cancel(turn))
    until = end_text(place.due_at, code, texts)
    if not place.reason:
        return texts("schedule.reason", end=until), column(_cancel(turn))
    confirm = texts("schedule.confirm_extension", post=post, stage=stage, end=until, reason=place.reason)
    return confirm, _confirmation(turn)


def _confirmation(turn: Turn) -> Buttons:
    return column(
        Button(turn.texts.plain("button.calendar_yes"), _tap("yes")),
        Button(turn.texts.plain("button.calendar_again"), _tap("again")),
        _cancel(turn),
    )


def _set_times(turn: Turn, place: Scheduling) -> None:
    times = moved(_times(turn, place), opens_at=place.opens_at, due_at=place.due_at)
    if isinstance(times, Fault):
        _go_on(turn, replace(place, opens_at=None, due_at=None), before=turn.texts("schedule.ends_too_early"))
        return
    found = _calendar(turn)
    turn.do(SetTimes(found.cycle, found.district, times))
    turn.move(Home())
    title = stage_name(place.stage, times.form, turn.brief.library, turn.texts)
    span = span_text(times.opens_at, times.due_at, _district(turn).code, turn.texts)
    takes = place.stage in turn.brief.library.instrument.answering
    done = turn.texts("schedule.done_telling" if takes else "schedule.done", stage=title, times=span)
    turn.say(done, column(Button(turn.texts.plain("button.calendar"), _tap("show"))))


def _extend(turn: Turn, place: Scheduling) -> None:
    window = _window(turn, place)
    if window is None or place.holder is None or place.due_at is None or place.due_at <= turn.event.at:
        _go_on(turn, replace(place, due_at=None, reason=""), before=turn.texts("schedule.not_longer"))
        return
    found = _calendar(turn)
    turn.do(Extend(found.cycle, found.district, place.holder, window.stage, place.due_at, place.reason))
    turn.move(Home())
    post = post_name(turn.brief.library, place.holder, turn.texts)
    end = end_text(place.due_at, place.holder.region.code, turn.texts)
    text = turn.texts("schedule.extended", post=post, end=end)
    turn.say(text, column(Button(turn.texts.plain("button.calendar"), _tap("show"))))


def _is_complete(place: Scheduling) -> bool:
    if place.is_extension:
        return bool(place.holder and place.due_at and place.reason)
    return bool(place.stage and place.form is not None and _has_times(place))


def _has_times(place: Scheduling) -> bool:
    return place.opens_at is not None or place.due_at is not None


def _window(turn: Turn, place: Scheduling) -> Window | None:
    """Give the window that matters now for the holder's form, as it is for everybody."""
    assert place.holder
    unit = UNITS[place.holder.region.kind]
    form = next((key for key, each in turn.brief.library.forms.items() if each.unit == unit), ALL_FORMS)
    return at_work(_calendar(turn).windows(form, turn.brief.library.instrument.answering), turn.event.at)


def _times(turn: Turn, place: Scheduling) -> Times:
    """Give the times that a change begins with: the form's own, or those of all forms."""
    form = place.form or ALL_FORMS
    known = _calendar(turn).times_of(place.stage, form) or Times(place.stage)
    return replace(known, form=form)


def _calendar(turn: Turn) -> Calendar:
    found = calendar.known(turn)
    assert found  # looked at before
    return found[0].calendar


def _district(turn: Turn) -> Region:
    found = calendar.known(turn)
    assert found
    return found[1]


def _offices(turn: Turn) -> tuple[str, ...]:
    forms = [form for form in turn.brief.library.forms.values() if form.unit == UNITS["district"]]
    return tuple(dict.fromkeys(code for form in forms for code in form.offices))


def _stage_named(turn: Turn, words: str) -> str:
    """Give the stage with whose name the words begin; empty when there is none."""
    stages = turn.brief.library.instrument.stages
    return next((each.key for each in stages if _words_of(turn, each.key, words)), "")


def _words_of(turn: Turn, stage: str, words: str) -> list[str]:
    """Give the words at the beginning that name a stage."""
    said = plain(words).split()
    known = turn.brief.library.instrument.stage(stage)
    titles = [*known.title.by_language.values(), known.key.replace("_", " ")] if known else []
    named = [plain(title).split() for title in titles]
    return next((each for each in named if said[: len(each)] == each), [])


def _tap(*arguments: str | int) -> str:
    return tap(Verb.CALENDAR, *arguments)


def _cancel(turn: Turn) -> Button:
    return Button(turn.texts.plain("button.calendar_cancel"), _tap("show"))
