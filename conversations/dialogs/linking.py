"""Making two chats one person: a code from the one, typed in the other, or the same phone number."""

from __future__ import annotations

from datetime import timedelta

from conversations.actions import IssueLinkCode, KeepPhone, LinkChat, Tell
from conversations.dialogs.guessing import count_wrong, is_guessing
from conversations.dialogs.home import lost_buttons, show_menu
from conversations.dialogs.offers import ask_button, menu_button
from conversations.events import ContactReceived
from conversations.messages import Button, bubble
from conversations.needs import LINK_CODE_CHARACTERS, FreshCodeNeed, LinkNeed, PhoneNeed
from conversations.people import Counterpart
from conversations.session import Home, Linking, Lost
from conversations.taps import Verb, tap
from conversations.texts import Markup, texts_for
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.naming import post_name
from conversations.words import CODE, NO, YES, Command, Intent, plain

CODE_LIVES = timedelta(minutes=15)
MOST_POSTS_NAMED = 3
FEWEST_PHONE_DIGITS = 8
LEAVING = frozenset({Intent.MENU, Intent.HELP, Intent.STOP})


def start(turn: Turn) -> None:
    """Give a code to whoever holds a post; explain to all others where they get one."""
    if not turn.brief.posts:
        explain(turn)
        return
    purpose = f"link:{turn.brief.person.id}:{turn.event.message}"
    code = turn.find(FreshCodeNeed(purpose, LINK_CODE_CHARACTERS))
    assert isinstance(code, str)
    turn.do(IssueLinkCode(code, turn.event.at + CODE_LIVES))
    minutes = CODE_LIVES // timedelta(minutes=1)
    chats = Button(turn.texts.plain("button.chats"), tap(Verb.CHATS, "show"))
    turn.say(turn.texts("link.code", code=code, minutes=minutes), column(chats))


def explain(turn: Turn) -> None:
    """Say how the chat of somebody who is known elsewhere becomes theirs."""
    turn.move(Home() if turn.brief.posts else Lost())
    turn.say(turn.texts("link.how"), _ways_out(turn))


def take_code(turn: Turn, code: str) -> None:
    """Somebody shows a code that was given in another chat."""
    if is_guessing(turn):
        turn.say(turn.texts("link.too_many"), _ways_out(turn))
        return
    found = turn.find(LinkNeed(code.upper())) if CODE.fullmatch(code) else None
    if isinstance(found, Counterpart) and found.person.id == turn.brief.person.id:
        turn.say(turn.texts("link.own", channel=turn.brief.channel_name), _ways_out(turn))
    elif not isinstance(found, Counterpart) or not _is_good(found):
        count_wrong(turn)
        turn.say(turn.texts("link.used" if found else "link.unknown"), _ways_out(turn))
    elif turn.brief.posts:
        _refuse(turn, found)
    else:
        _propose(turn, Linking(code.upper()), found)


def _is_good(found: Counterpart) -> bool:
    return found.is_usable and bool(found.posts)


def _ways_out(turn: Turn) -> Buttons:
    return column(menu_button(turn)) if turn.brief.posts else lost_buttons(turn)


def _refuse(turn: Turn, found: Counterpart) -> None:
    """Whose post is held here stays here; say what helps."""
    here = post_name(turn.brief.library, turn.brief.posts[0], turn.texts)
    text = turn.texts("link.both", here=here, who=_named(turn, found), channel=found.channel_name)
    turn.say(text, column(ask_button(turn), menu_button(turn)))


def _named(turn: Turn, found: Counterpart) -> str:
    """Name somebody with what they hold: ``Bapak Sri, Kepala Desa Sungai Rebo, Kecamatan Banyuasin I``."""
    posts = "; ".join(post_name(turn.brief.library, each, turn.texts) for each in found.posts[:MOST_POSTS_NAMED])
    return ", ".join(part for part in (found.person.called, posts) if part)


def _propose(turn: Turn, place: Linking, found: Counterpart) -> None:
    turn.note(place=place, misses=0)
    key = "link.sure" if place.code else "link.same_phone"
    text = turn.texts(key, who=_named(turn, found), channel=found.channel_name, here=turn.brief.channel_name)
    yes = Button(turn.texts.plain("button.link_yes"), tap(Verb.CHATS, "yes"))
    no = Button(turn.texts.plain("button.wrong"), tap(Verb.CHATS, "no"))
    turn.say(text, column(yes, no))


def offer(turn: Turn) -> bool:
    """Mention, once, that somebody with the same phone number is known; False when there is nothing to mention."""
    if turn.brief.posts or not turn.brief.phone or turn.session.has_link_offer:
        return False
    found = _found(turn, Linking())
    if found is None:
        return False
    turn.note(has_link_offer=True)
    _propose(turn, Linking(), found)
    return True


def _found(turn: Turn, place: Linking) -> Counterpart | None:
    """Give the one whom this chat may still join."""
    need = LinkNeed(place.code) if place.code else PhoneNeed(turn.brief.phone, turn.brief.person.id)
    found = turn.find(need)
    return found if isinstance(found, Counterpart) and _is_good(found) else None


def take_contact(turn: Turn, event: ContactReceived, otherwise: Markup) -> Markup | None:
    """Take the sender's own number; give what is to be said when there is no more to it, None when all was said."""
    phone = "".join(each for each in event.phone if each in "0123456789")
    if not event.is_own or len(phone) < FEWEST_PHONE_DIGITS:
        return otherwise
    if turn.brief.posts:
        turn.do(KeepPhone(phone))
        return turn.texts("contact.kept", phone=phone)
    found = turn.find(PhoneNeed(phone, turn.brief.person.id))
    if not isinstance(found, Counterpart):
        return turn.texts("contact.nobody")
    turn.do(KeepPhone(phone))
    _propose(turn, Linking(), found)
    return None


def take_text(turn: Turn, place: Linking, written: str, command: Command | None) -> None:
    """Take what is typed instead of a tap."""
    words = plain(written)
    if command and command.intent in LEAVING:
        show_menu(turn)
    elif words in YES or words in NO:
        answer(turn, place, is_same=words in YES)
    else:
        repeat(turn, place)


def repeat(turn: Turn, place: Linking) -> None:
    """Ask once more whether it is the same person."""
    found = _found(turn, place)
    if found is None:
        _give_up(turn, "link.used")
        return
    _propose(turn, place, found)


def answer(turn: Turn, place: Linking, *, is_same: bool) -> None:
    """Let the chat join whom it belongs to, and tell them where they were so far; or not."""
    if not is_same:
        _give_up(turn, "link.not_me")
        return
    found = _found(turn, place)
    if found is None:
        _give_up(turn, "link.used")
        return
    turn.do(LinkChat(found.person.id, place.code))
    turn.texts = texts_for(found.person.language, found.person.honorific)
    chats = Button(turn.texts.plain("button.chats"), tap(Verb.CHATS, "show"))
    told = turn.texts("link.told", channel=turn.brief.channel_name)
    once = f"linked:{turn.brief.address}:{int(turn.event.at.timestamp())}"
    turn.do(Tell(found.person.id, bubble(told, column(chats)), once, found.address))
    turn.move(Home())
    text = turn.texts("link.done", who=_named(turn, found), channel=found.channel_name, here=turn.brief.channel_name)
    turn.say(joined(text, turn.texts("link.go_on")), column(menu_button(turn), chats))


def _give_up(turn: Turn, reason: str) -> None:
    turn.move(Lost())
    turn.say(turn.texts(reason), _ways_out(turn))
