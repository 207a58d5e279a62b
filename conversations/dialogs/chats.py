"""The chats of a person: which there are, which they prefer, letting one go, and wanting no news in one."""

from __future__ import annotations

from conversations.actions import LeaveChat, OptOut, PreferChannel
from conversations.dialogs import linking, subscriptions
from conversations.dialogs.asking import pause
from conversations.dialogs.home import lost_buttons, show_menu
from conversations.dialogs.offers import menu_button
from conversations.hours import day_there
from conversations.messages import Button
from conversations.needs import ChatsNeed
from conversations.people import Chat, Chats
from conversations.session import Linking, Lost
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.bars import long_date

SHOWN_DIGITS = 4
"""Of a phone number: enough to tell two apart."""


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap about chats."""
    match tapped.text(0):
        case "show":
            show(turn)
        case "code":
            linking.start(turn)
        case "how":
            linking.explain(turn)
        case "yes" | "no" as said if isinstance(turn.place, Linking):
            linking.answer(turn, turn.place, is_same=said == "yes")
        case "prefer":
            _prefer(turn, tapped.text(1))
        case "leave" | "leave!" as said:
            _leave(turn, tapped.number(1), is_sure=said == "leave!")
        case "news":
            subscriptions.take_news(turn)
        case "no_news":
            refuse_news(turn)
        case _:
            show_menu(turn)


def show(turn: Turn) -> None:
    """Show where the person writes from, and what can be done about it."""
    if not turn.brief.posts:
        linking.explain(turn)
        return
    chats = _chats(turn)
    text = joined(turn.texts("chats.title"), lines(*(_line(turn, each, chats) for each in chats.all)))
    turn.say(text, _buttons(turn, chats))


def _chats(turn: Turn) -> Chats:
    chats = turn.find(ChatsNeed(turn.brief.person.id))
    assert isinstance(chats, Chats)
    return chats


def _name(chat: Chat) -> str:
    """Name a chat by its channel, and by the end of its phone number where that is known."""
    return f"{chat.channel_name} …{chat.phone[-SHOWN_DIGITS:]}" if chat.phone else chat.channel_name


def _name_among(turn: Turn, chat: Chat, chats: Chats) -> str:
    """Name a chat so that it is not taken for another one of the same name."""
    name = _name(chat)
    if chat.address != turn.brief.address or [_name(each) for each in chats.all].count(name) == 1:
        return name
    return f"{name} ({turn.texts.plain('chats.here')})"


def _line(turn: Turn, chat: Chat, chats: Chats) -> Markup:
    region = turn.brief.posts[0].region.code
    linked = long_date(day_there(chat.linked_at, region), turn.texts.language) if chat.linked_at else ""
    states = (
        turn.texts("chats.here") if chat.address == turn.brief.address else "",
        turn.texts("chats.since", day=linked) if linked else "",
        turn.texts("chats.is_preferred") if chat.channel == chats.preferred else "",
        turn.texts("chats.no_news") if chat.is_opted_out else "",
        turn.texts("chats.closed") if chat.is_blocked else "",
    )
    return turn.texts("chats.line", name=_name(chat), states=Markup("".join(f" · {each}" for each in states if each)))


def _buttons(turn: Turn, chats: Chats) -> Buttons:
    texts = turn.texts
    add = Button(texts.plain("button.link"), tap(Verb.CHATS, "code"))
    if len(chats.all) == 1:
        return column(add, _news_button(turn), menu_button(turn))
    leave = [
        Button(texts.plain("button.leave", name=_name_among(turn, each, chats)), tap(Verb.CHATS, "leave", each.address))
        for each in chats.all
    ]
    return column(*_preferences(turn, chats), *leave, add, menu_button(turn))


def _preferences(turn: Turn, chats: Chats) -> list[Button]:
    """Offer what may be preferred, where there are several channels."""
    channels = {each.channel: each.channel_name for each in chats.all}
    if len(channels) == 1:
        return []
    buttons = [
        Button(turn.texts.plain("button.prefer", channel=name), tap(Verb.CHATS, "prefer", channel))
        for channel, name in channels.items()
        if channel != chats.preferred
    ]
    if len(buttons) < len(channels):
        buttons.append(Button(turn.texts.plain("button.prefer_none"), tap(Verb.CHATS, "prefer")))
    return buttons


def _news_button(turn: Turn) -> Button:
    if turn.brief.is_opted_out:
        return Button(turn.texts.plain("button.news"), tap(Verb.CHATS, "news"))
    return Button(turn.texts.plain("button.no_news"), tap(Verb.CHATS, "no_news"))


def _prefer(turn: Turn, channel: str) -> None:
    """Tell the person first on this channel; without one, wherever it is best."""
    name = next((each.channel_name for each in _chats(turn).all if each.channel == channel), "")
    if channel and not name:
        show(turn)
        return
    turn.do(PreferChannel(channel))
    text = turn.texts("chats.preferred", channel=name) if name else turn.texts("chats.any")
    turn.say(text, column(menu_button(turn)))


def _leave(turn: Turn, number: int, *, is_sure: bool) -> None:
    """Let a chat go; the only one stays."""
    chats = _chats(turn)
    chat = next((each for each in chats.all if each.address == number), None)
    if chat is None or len(chats.all) == 1:
        show(turn)
    elif not is_sure:
        yes = Button(turn.texts.plain("button.leave_yes"), tap(Verb.CHATS, "leave!", number))
        turn.say(turn.texts("chats.leave_sure", name=_name_among(turn, chat, chats)), column(yes, menu_button(turn)))
    else:
        turn.do(LeaveChat(number))
        is_here = number == turn.brief.address
        if is_here:
            turn.move(Lost())
        buttons = lost_buttons(turn) if is_here else column(menu_button(turn))
        turn.say(turn.texts("chats.left", name=_name_among(turn, chat, chats)), buttons)


def refuse_news(turn: Turn) -> None:
    """Send nothing unasked to this chat from now on; answering stays possible."""
    turn.do(OptOut(is_out=True))
    if turn.brief.posts:
        pause(turn)
    buttons = column(menu_button(turn)) if turn.brief.posts else ()
    turn.say(turn.texts("news.stopped", channel=turn.brief.channel_name), buttons)
