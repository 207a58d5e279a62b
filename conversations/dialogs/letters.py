"""Writing to each other: a question to the coordinator, a reply to what the coordinator sent, and the answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from conversations.actions import FetchFile, Tell
from conversations.audiences import Placeholder, filled
from conversations.broadcasts import ReceivedBroadcast
from conversations.dialogs.answering import take_written
from conversations.dialogs.asking import leave_to, open_spot, say_and_ask_again, waiting
from conversations.dialogs.home import lost_buttons, menu_buttons, not_understood
from conversations.dialogs.misses import explain_miss
from conversations.events import MOST_FILE_BYTES, FileReceived, FileStored, FileTarget, StoredFile
from conversations.letters import MOST_LETTER_CHARACTERS, Letter
from conversations.messages import Button
from conversations.needs import CoordinatorsNeed, FreshCodeNeed, LetterNeed, Missing, PersonNeed, ReceivedBroadcastNeed
from conversations.people import Person, Role
from conversations.session import Asking, Home, Lost, Writing
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup, Texts
from conversations.turn import Turn, column
from conversations.views.letters import letter_message, letter_text, quoted
from conversations.views.naming import post_name
from conversations.words import NO, YES, plain

LETTER_KEY = ":surat"
"""What a file is fetched for that answers somebody; no question is called so. Its row names what it answers."""
SILENCE = timedelta(minutes=10)
"""Whoever has been silent for so long may mean what came meanwhile, and not the question that is open."""
RECENT = timedelta(days=3)
"""Words that nothing understands may be meant for whoever wrote to this person so lately."""


class Heard(NamedTuple):
    """What somebody was sent and may answer."""

    place: Writing
    sender: int
    text: str
    sent_at: datetime


# a question to the coordinator


def ask_coordinator(turn: Turn) -> None:
    """Let the district's coordinators know that somebody needs help, and where; they can answer."""
    coordinators = _coordinators(turn)
    if not coordinators:
        _say_nobody(turn)
        return
    post = turn.brief.posts[0]
    for person in coordinators:
        texts = turn.texts_of(person)
        name, title = post_name(turn.brief.library, post, texts), _title_stuck(turn, texts)
        where = texts("ask.where", title=title) if title else Markup("")
        text = texts("ask.told", name=turn.brief.person.name, post=name, where=where)
        quote = texts.plain("ask.quote_row", title=title) if title else texts.plain("ask.quote")
        letter = _letter(turn, person, quote)
        once = f"ask:{turn.brief.person.id}:{person}:{turn.today.isoformat()}"
        turn.do(Tell(person, letter_message(texts, text, code=letter.code), once, letter=letter))
    turn.note(misses=0)
    turn.extras = (Button(turn.texts.plain("button.write_question"), tap(Verb.REPLY, 0, "ask")),)
    say_and_ask_again(turn, turn.texts("ask.done"))


def _coordinators(turn: Turn) -> tuple[int, ...]:
    """Give who coordinates where the person holds their first post."""
    if not turn.brief.posts:
        return ()
    found = turn.find(CoordinatorsNeed(turn.brief.posts[0].region.district_id))
    assert isinstance(found, tuple)
    return tuple(each for each in found if each != turn.brief.person.id)


def _say_nobody(turn: Turn) -> None:
    turn.say(turn.texts("ask.nobody"), menu_buttons(turn) if turn.brief.posts else lost_buttons(turn))


def _title_stuck(turn: Turn, texts: Texts) -> str:
    found = waiting(turn)
    row = found[1].row(found[0].row) if found else None
    return row.title.said(texts.language) if row else ""


# writing


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap on a button that writes to somebody."""
    place, what = turn.place, tapped.text(1)
    if what in ("yes", "no"):
        if isinstance(place, Writing) and place.written:
            _settle(turn, place, is_meant=what == "yes")
        else:
            say_and_ask_again(turn, turn.texts("tap.past"))
    elif what == "cancel":
        cancel(turn)
    elif what == "ask":
        _begin(turn, Writing())
    elif not what and not tapped.number(0):
        say_and_ask_again(turn, turn.texts("letter.sample"))
    else:
        _begin(turn, Writing(letter=what, broadcast=tapped.number(0)))


def cancel(turn: Turn) -> None:
    """Write nothing after all, and go on where the person was."""
    turn.move(Home())
    say_and_ask_again(turn, turn.texts("letter.cancelled"))


def _begin(turn: Turn, place: Writing) -> None:
    """Ask for the words."""
    if not turn.brief.posts:
        turn.say(turn.texts("lost"), lost_buttons(turn))
        return
    heard = _heard(turn, place)
    if heard is None and place != Writing():
        say_and_ask_again(turn, turn.texts("letter.gone"))
        return
    leave_to(turn, place)
    _ask_words(turn, heard)


def _ask_words(turn: Turn, heard: Heard | None) -> None:
    if heard is None:
        turn.say(turn.texts("letter.ask"), column(_cancel_button(turn)))
        return
    text = turn.texts("letter.reply", name=_name(turn, heard.sender), about=quoted(heard.text))
    turn.say(text, column(_cancel_button(turn)))


def _cancel_button(turn: Turn) -> Button:
    return Button(turn.texts.plain("button.cancel"), tap(Verb.REPLY, 0, "cancel"))


def _name(turn: Turn, person: int) -> str:
    other = turn.find(PersonNeed(person))
    return (other.called if isinstance(other, Person) else "") or turn.texts.plain("somebody")


def repeat(turn: Turn, place: Writing) -> None:
    """Ask once more for the words, or whom those are meant for that were typed."""
    heard = _heard(turn, place)
    if place.written and heard:
        _ask_back(turn, heard)
    else:
        _ask_words(turn, heard)


def take_text(turn: Turn, place: Writing, written: str) -> None:
    """Take the words, unless they come so late that they may be meant for something else."""
    if place.written:
        _take_answer(turn, place, written)
    elif _was_silent(turn) and (heard := _heard(turn, place)):
        turn.move(replace(place, written=written))
        _ask_back(turn, heard)
    else:
        _write(turn, place, written)


def _take_answer(turn: Turn, place: Writing, written: str) -> None:
    """Was it meant for them? A yes or a no says so; any other words take the place of the first ones."""
    words = plain(written)
    if words in YES | NO:
        _settle(turn, place, is_meant=words in YES)
        return
    place = replace(place, written=written)
    turn.move(place)
    repeat(turn, place)


def _settle(turn: Turn, place: Writing, *, is_meant: bool) -> None:
    if is_meant:
        _write(turn, place, place.written)
    else:
        _take_as_answer(turn, place)


def _take_as_answer(turn: Turn, place: Writing) -> None:
    """It was not meant for them: then it answers the question that was open, if there was one."""
    turn.move(Home())
    if place.is_open and turn.session.paused:
        turn.note(place=turn.session.paused, paused=None)
    spot = open_spot(turn)
    if spot is None:
        not_understood(turn)
    elif rejection := take_written(turn, spot, place.written):
        explain_miss(turn, spot, rejection)


def _write(turn: Turn, place: Writing, written: str) -> None:
    """Send the words to whoever they are for, with what they answer."""
    if len(written) > MOST_LETTER_CHARACTERS:
        turn.move(replace(place, written=""))
        turn.say(turn.texts("letter.too_long", most=MOST_LETTER_CHARACTERS), column(_cancel_button(turn)))
        return
    _send(turn, place, written)


def _send(turn: Turn, place: Writing, written: str, file: StoredFile | None = None) -> None:
    heard = _heard(turn, place)
    readers = _readers(turn, heard)
    leave_to(turn, Home() if turn.brief.posts else Lost())
    if not readers:
        _say_nobody(turn)
        return
    for person in readers:
        _tell(turn, person, written, about=heard.text if heard else "", file=file)
    name = _name(turn, readers[0]) if len(readers) == 1 else turn.texts("letter.coordinators")
    say_and_ask_again(turn, turn.texts("letter.sent", name=name))


def _readers(turn: Turn, heard: Heard | None) -> tuple[int, ...]:
    """Give whom it goes to: the one who is answered; instead of one who coordinates no longer, those who do."""
    if heard and turn.holds(Role.COORDINATOR):
        return (heard.sender,)
    coordinators = _coordinators(turn)
    return (heard.sender,) if heard and heard.sender in coordinators else coordinators


def _tell(turn: Turn, person: int, written: str, *, about: str, file: StoredFile | None = None) -> None:
    texts = turn.texts_of(person)
    letter = _letter(turn, person, written)
    post = post_name(turn.brief.library, turn.holds(Role.COORDINATOR) or turn.brief.posts[0], texts)
    text = letter_text(texts, turn.brief.person.called, post, written)
    message = replace(letter_message(texts, text, code=letter.code, about=about), file=file)
    turn.do(Tell(person, message, f"letter:{letter.code}", letter=letter))


def _letter(turn: Turn, reader: int, written: str) -> Letter:
    code = turn.find(FreshCodeNeed(f"letter:{turn.event.message}:{reader}"))
    assert isinstance(code, str)
    return Letter(code, turn.brief.person.id, reader, written, turn.event.at)


# what is answered


def _heard(turn: Turn, place: Writing) -> Heard | None:
    """Look up what is answered; None when it is nothing, or nothing of theirs, or gone."""
    me = turn.brief.person.id
    if place.broadcast:
        return _as_heard(turn, turn.find(ReceivedBroadcastNeed(me, broadcast=place.broadcast)))
    return _as_heard(turn, turn.find(LetterNeed(me, place.letter))) if place.letter else None


def _as_heard(turn: Turn, found: object) -> Heard | None:
    match found:
        case Letter():
            return Heard(Writing(letter=found.code), found.sender, found.text, found.sent_at)
        case ReceivedBroadcast():
            return Heard(Writing(broadcast=found.id), found.author, _as_read(turn, found.text), found.sent_at)
        case _:
            return None


def _as_read(turn: Turn, text: str) -> str:
    """Give a broadcast about as the person has read it."""
    place = turn.brief.posts[0].region.name if turn.brief.posts else ""
    name = turn.brief.person.called
    return filled(text, {Placeholder.NAME: name, Placeholder.REGION: place, Placeholder.MISSING: "…"})


def take_reply(turn: Turn, message: str, written: str) -> bool:
    """Words about an older message that brought a letter or a broadcast answer it; False when it brought neither."""
    heard = _heard_in(turn, message)
    if heard is None:
        return False
    leave_to(turn, heard.place)
    _write(turn, heard.place, written)
    return True


def _heard_in(turn: Turn, message: str) -> Heard | None:
    if not turn.brief.posts:
        return None
    me = turn.brief.person.id
    found = _find(turn, LetterNeed(me, "", turn.brief.address, message), ReceivedBroadcastNeed(me, message))
    return next(iter(found), None)


def _find(turn: Turn, *needs: LetterNeed | ReceivedBroadcastNeed) -> list[Heard]:
    """Look several up at once."""
    missing = [need for need in needs if need not in turn.brief.known]
    if missing:
        raise Missing(*missing)
    return [heard for need in needs if (heard := _as_heard(turn, turn.find(need)))]


# a picture or document instead of words


def receive_file(turn: Turn, event: FileReceived) -> bool:
    """Have a file fetched that answers a letter or a broadcast, or asks a question; False when it does not."""
    place = _place_of(turn, event)
    if place is None:
        return False
    if event.file.size_bytes > MOST_FILE_BYTES:
        leave_to(turn, place)
        turn.opening = turn.texts("evidence.too_large")
        repeat(turn, place)
        return True
    heard, caption = _heard(turn, place), event.caption.strip()[:MOST_LETTER_CHARACTERS]
    for person in _readers(turn, heard) if caption else ():
        _tell(turn, person, caption, about=heard.text if heard else "")
    turn.do(FetchFile(event.file, FileTarget(0, f"{place.broadcast}/{place.letter}", LETTER_KEY)))
    return True


def _place_of(turn: Turn, event: FileReceived) -> Writing | None:
    if event.reply_to:
        heard = _heard_in(turn, event.reply_to)
        return heard.place if heard else None
    return turn.place if isinstance(turn.place, Writing) and not turn.place.written else None


def pass_on(turn: Turn, event: FileStored) -> None:
    """A file that answers somebody lies in the store now: hand it on."""
    broadcast, _, letter = event.target.row.partition("/")
    _send(turn, Writing(letter, int(broadcast)), turn.texts.plain("letter.file"), event.file)


def came_meanwhile(turn: Turn, written: str) -> bool:
    """Ask whom words are meant for that come after a silence in which the person was written to."""
    if not (turn.brief.posts and _was_silent(turn)):
        return False
    newest = _newest(turn)
    if newest is None or newest.sent_at.timestamp() < turn.session.heard_at:
        return False
    return _asks(turn, newest, written)


def was_lately(turn: Turn, written: str) -> bool:
    """Ask whether words that nothing understands are meant for whoever wrote to the person lately."""
    newest = _newest(turn) if turn.brief.posts else None
    return newest is not None and turn.event.at - newest.sent_at < RECENT and _asks(turn, newest, written)


def _newest(turn: Turn) -> Heard | None:
    me = turn.brief.person.id
    found = _find(turn, LetterNeed(me), ReceivedBroadcastNeed(me))
    return max(found, key=lambda each: each.sent_at, default=None)


def _was_silent(turn: Turn) -> bool:
    return turn.event.at.timestamp() - turn.session.heard_at > SILENCE.total_seconds()


def _asks(turn: Turn, heard: Heard, written: str) -> bool:
    if not any(each.isalpha() for each in written) or len(written) > MOST_LETTER_CHARACTERS:
        return False
    leave_to(turn, replace(heard.place, written=written, is_open=isinstance(turn.place, Asking)))
    _ask_back(turn, heard)
    return True


def _ask_back(turn: Turn, heard: Heard) -> None:
    name = _name(turn, heard.sender)
    text = turn.texts("letter.meant", name=name, about=quoted(heard.text))
    yes = Button(turn.texts.plain("button.letter_yes"), tap(Verb.REPLY, 0, "yes"))
    no = Button(turn.texts.plain("button.letter_no"), tap(Verb.REPLY, 0, "no"))
    turn.say(text, column(yes, no))
