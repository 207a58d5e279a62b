"""What a person receives without asking: seen at one glance, and changed by buttons or words."""

from __future__ import annotations

import msgspec

from conversations.actions import OptOut, Subscribe
from conversations.dialogs.asking import pause
from conversations.dialogs.offers import menu_button
from conversations.messages import Button
from conversations.needs import ChatsNeed, SubscriptionNeed, SummaryNeed
from conversations.people import Chats, Role
from conversations.subscriptions import (
    EARLIEST,
    HOURS_OFFERED,
    LATEST,
    MINUTES_OF_DAY,
    Subscription,
    WeekTime,
    read_week_time,
)
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.subscriptions import day_name, summary_text, time_there
from conversations.views.summaries import summary_message
from conversations.words import SWITCHED_ON


def take_words(turn: Turn, words: str) -> None:
    """``langganan``, alone or with what is wanted: ``jumat 16.00``, ``mati``."""
    wanted = read_week_time(words)
    if not words or not turn.brief.posts:
        take_news(turn)
    elif wanted is None:
        _change(turn, is_on=words in SWITCHED_ON)
    else:
        _move(turn, wanted)


def take_news(turn: Turn) -> None:
    """Send to this chat again what is of interest, where that was stopped; show what it is."""
    channel = turn.brief.channel_name
    resumed = turn.texts("news.resumed", channel=channel) if turn.brief.is_opted_out else ""
    if resumed:
        turn.do(OptOut(is_out=False))
    if turn.brief.posts:
        _show(turn, _subscription(turn), before=resumed)
        return
    turn.say(resumed or turn.texts("news.on", channel=channel))


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap about what is received."""
    what = tapped.text(0)
    if not turn.brief.posts:
        take_news(turn)
    elif what in ("on", "off"):
        _change(turn, is_on=what == "on")
    elif what in ("always", "changes"):
        _change(turn, is_always=what == "always", is_on=True)
    elif what == "days":
        _offer_days(turn)
    elif what == "hours":
        _offer_hours(turn)
    elif what == "now":
        _show_summary(turn)
    elif what == "day":
        _move(turn, WeekTime(weekday=min(tapped.number(1), 6)))
    elif what == "hour":
        _move(turn, WeekTime(minute=tapped.number(1)))
    else:
        _show(turn, _subscription(turn))


def _subscription(turn: Turn) -> Subscription:
    found = turn.find(SubscriptionNeed(turn.brief.person.id))
    assert isinstance(found, Subscription)
    return found


def _move(turn: Turn, wanted: WeekTime) -> None:
    """Order the summary for another day or time; whoever names one wants it."""
    before = _subscription(turn)
    weekday = before.weekday if wanted.weekday is None else wanted.weekday
    minute = before.minute if wanted.minute is None else wanted.minute
    if not EARLIEST <= minute <= LATEST:
        earliest, latest = (time_there(each, _code(turn)) for each in (EARLIEST, LATEST))
        turn.say(turn.texts("news.hour_refused", earliest=earliest, latest=latest), _hour_buttons(turn))
        return
    _change(turn, is_on=True, slot=weekday * MINUTES_OF_DAY + minute)


def _change(turn: Turn, **changes: bool | int) -> None:
    changed = msgspec.structs.replace(_subscription(turn), **changes)
    turn.do(Subscribe(changed))
    _show(turn, changed, before=turn.texts("news.changed"))


def _show_summary(turn: Turn) -> None:
    """Show what the summary would say now."""
    outlooks = turn.find(SummaryNeed(turn.brief.person.id))
    assert isinstance(outlooks, tuple)
    pause(turn)
    if all(each.is_empty for each in outlooks):
        turn.say(turn.texts("summary.nothing"), column(menu_button(turn)))
        return
    message = summary_message(turn.brief.person, outlooks, turn.brief.library, turn.event.at)
    turn.say(message.text, message.buttons)


def _offer_days(turn: Turn) -> None:
    days = [Button(day_name(each, turn.texts.language), tap(Verb.NEWS, "day", each)) for each in range(7)]
    turn.say(turn.texts("news.which_day"), column(*days))


def _offer_hours(turn: Turn) -> None:
    turn.say(turn.texts("news.which_hour"), _hour_buttons(turn))


def _hour_buttons(turn: Turn) -> Buttons:
    minutes = [hour * 60 for hour in HOURS_OFFERED]
    return column(*(Button(time_there(each, _code(turn)), tap(Verb.NEWS, "hour", each)) for each in minutes))


def _code(turn: Turn) -> str:
    return turn.brief.posts[0].region.code


def _show(turn: Turn, subscription: Subscription, *, before: Markup | str = "") -> None:
    """Show all that the person receives, where and when."""
    pause(turn)
    texts = turn.texts
    listed = lines(
        summary_text(subscription, _code(turn), texts),
        texts("news.reminders") if turn.brief.assignments else "",
        texts("news.digests") if turn.holds(Role.SUBDISTRICT_HEAD, Role.COORDINATOR) else "",
        texts("news.broadcasts"),
    )
    turn.say(joined(before, texts("news.title"), listed, _where(turn)), _buttons(turn, subscription))


def _is_heard(turn: Turn) -> bool:
    """Tell whether this chat takes news, after this step."""
    return not turn.brief.is_opted_out or OptOut(is_out=False) in turn.actions


def _where(turn: Turn) -> Markup:
    """Say on which channel it comes: as ``storage.reaching`` chooses it."""
    chats = turn.find(ChatsNeed(turn.brief.person.id))
    assert isinstance(chats, Chats)
    here = turn.brief.address
    others = [each for each in chats.all if not (each.is_opted_out or each.is_blocked) and each.address != here]
    open_ = [*(each for each in chats.all if each.address == here and _is_heard(turn)), *others]
    preferred = [each for each in open_ if each.channel == chats.preferred]
    chosen = next(iter(preferred or open_), None)
    if chosen is None:
        return turn.texts("news.nowhere", channel=turn.brief.channel_name)
    return turn.texts("news.where", channel=chosen.channel_name)


def _buttons(turn: Turn, subscription: Subscription) -> Buttons:
    """Give what can be changed; whoever has switched the summary off can switch it on."""
    texts, is_on, is_always = turn.texts, subscription.is_on, subscription.is_always
    wanted = (
        (not _is_heard(turn), "button.news", tap(Verb.CHATS, "news")),
        (is_on, "button.news_day", tap(Verb.NEWS, "days")),
        (is_on, "button.news_hour", tap(Verb.NEWS, "hours")),
        (is_on and not is_always, "button.news_always", tap(Verb.NEWS, "always")),
        (is_on and is_always, "button.news_changes", tap(Verb.NEWS, "changes")),
        (is_on, "button.news_off", tap(Verb.NEWS, "off")),
        (not is_on, "button.news_on", tap(Verb.NEWS, "on")),
        (True, "button.news_now", tap(Verb.NEWS, "now")),
        (True, "button.chats", tap(Verb.CHATS, "show")),
    )
    return column(*(Button(texts.plain(key), data) for is_wanted, key, data in wanted if is_wanted), menu_button(turn))
