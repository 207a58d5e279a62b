"""From an invitation to a post: the code, the post, the name, consent."""

from __future__ import annotations

import msgspec

from conversations.actions import AcceptInvitation
from conversations.dialogs.asking import asking_of
from conversations.dialogs.going import start_filling
from conversations.dialogs.guessing import count_wrong, is_guessing
from conversations.dialogs.home import lost_buttons, show_menu
from conversations.dialogs.offers import language_buttons, menu_button
from conversations.hours import greeting_key
from conversations.messages import Button
from conversations.needs import HolderNeed, InvitationNeed, InvitedToNeed
from conversations.people import Assignment, Counterpart, Invitation, Post
from conversations.session import Home, Invited, Lost
from conversations.taps import Verb, tap
from conversations.tasks import MINUTES_PER_ROW
from conversations.texts import Markup, texts_for
from conversations.turn import Buttons, Turn, column, joined
from conversations.views.calendar import end_text
from conversations.views.naming import post_name
from conversations.words import CODE, NO, YES, Command, Intent, plain
from indicators.reading.plain import without_invisible

MOST_NAME_CHARACTERS = 80
AGREEING = YES | {"setuju", "saya setuju", "mulai", "setuju mulai", "baik", "agree", "i agree"}
READING = frozenset({"baca", "baca dulu", "read", "read first"})


def take_code(turn: Turn, code: str) -> None:
    """Somebody shows an invitation code."""
    if is_guessing(turn):
        turn.say(turn.texts("code.too_many"))
        return
    invitation = turn.find(InvitationNeed(code.upper())) if CODE.fullmatch(code) else None
    if not isinstance(invitation, Invitation) or not invitation.is_usable:
        count_wrong(turn)
        turn.say(turn.texts("code.used" if invitation else "code.unknown"), _ways_out(turn))
        return
    turn.note(place=Invited(code.upper()), paused=asking_of(turn.session), misses=0)
    _address(turn, invitation)
    _ask_post(turn, Invited(code.upper()), invitation)


def _ways_out(turn: Turn) -> Buttons:
    """Offer what helps when an invitation does not: another one, or the menu of those who hold a post."""
    return column(menu_button(turn)) if turn.brief.posts else lost_buttons(turn)


def _leave(turn: Turn, reason: str) -> None:
    turn.move(Home() if turn.brief.posts else Lost())
    turn.say(turn.texts(reason), _ways_out(turn))


def _address(turn: Turn, invitation: Invitation) -> None:
    """From here on speak to the person as the invitation does."""
    if invitation.honorific and not turn.brief.person.honorific:
        turn.texts = texts_for(turn.texts.language, invitation.honorific)


def _ask_post(turn: Turn, place: Invited, invitation: Invitation) -> None:
    hello = turn.texts(greeting_key(turn.event.at, invitation.region.code))
    name = f"{invitation.honorific} {invitation.name}".strip() or turn.texts("you")
    text = turn.texts(
        "register.post",
        hello=hello,
        name=name,
        district=invitation.region.district,
        post=post_name(turn.brief.library, invitation, turn.texts),
    )
    right = Button(turn.texts.plain("button.right"), tap(Verb.JOIN, "yes"))
    wrong = Button(turn.texts.plain("button.wrong"), tap(Verb.JOIN, "no"))
    holder = turn.find(HolderNeed(place.code))
    if not isinstance(holder, Counterpart) or holder.person.id == turn.brief.person.id:
        turn.say(text, ((right, wrong),))
        return
    held = turn.texts("register.held", name=holder.person.called, channel=holder.channel_name)
    same = Button(turn.texts.plain("button.same_person"), tap(Verb.CHATS, "how"))
    turn.say(joined(text, held), ((right, wrong), (same,)))


def answer(turn: Turn, place: Invited, said: str) -> None:
    """Take a tap (or the word for it) while somebody registers."""
    invitation = turn.find(InvitationNeed(place.code))
    if not isinstance(invitation, Invitation) or not invitation.is_usable:
        _leave(turn, "code.used")
        return
    _address(turn, invitation)
    match said:
        case "yes":
            _confirm_post(turn, place, invitation)
        case "no":
            _leave(turn, "register.not_me")
        case "agree" if place.is_post_confirmed and _name_of(place, invitation):
            _accept(turn, place, invitation)
        case "read" if place.is_post_confirmed:
            turn.say(joined(turn.texts("privacy"), turn.texts("register.ask_again")), _consent_buttons(turn))
        case "later" if place.is_post_confirmed:
            agree = Button(turn.texts.plain("button.agree"), tap(Verb.JOIN, "agree"))
            turn.say(turn.texts("register.later"), column(agree))
        case _:
            _repeat(turn, place, invitation)


def _name_of(place: Invited, invitation: Invitation) -> str:
    return place.name or invitation.name


def _confirm_post(turn: Turn, place: Invited, invitation: Invitation) -> None:
    place = Invited(place.code, is_post_confirmed=True, name=_name_of(place, invitation) or turn.brief.person.name)
    turn.move(place)
    _repeat(turn, place, invitation)


def _repeat(turn: Turn, place: Invited, invitation: Invitation) -> None:
    """Ask what is still open: the post, the name, or consent."""
    if not place.is_post_confirmed:
        _ask_post(turn, place, invitation)
    elif not _name_of(place, invitation):
        turn.say(turn.texts("register.name"))
    else:
        turn.say(_consent_text(turn, place, invitation.office), _consent_buttons(turn))


def _consent_text(turn: Turn, place: Invited, office: str) -> Markup:
    assignments = _assignments(turn, place.code)
    task = _task_text(turn, assignments[0], office) if assignments else turn.texts("register.no_task")
    return joined(task, turn.texts("register.consent"))


def _assignments(turn: Turn, code: str) -> tuple[Assignment, ...]:
    found = turn.find(InvitedToNeed(code))
    assert isinstance(found, tuple)
    return found


def _task_text(turn: Turn, assignment: Assignment, office: str) -> Markup:
    """Say how much there is to answer: for an office, the rows that it holds."""
    form, language = turn.brief.library.forms[assignment.form], turn.texts.language
    rows = sum(not office or office in row.holders for row in form.rows)
    minutes = 5 * max(1, round(rows * MINUTES_PER_ROW / 5))
    text = turn.texts("register.task", rows=rows, minutes=minutes, form=form.title.said(language))
    due_at = assignment.due_at(turn.event.at)
    if due_at is None:
        return text
    due = end_text(due_at, assignment.region.code, turn.texts)
    return Markup(f"{text} {turn.texts('register.due', due=due)}")


def _consent_buttons(turn: Turn) -> Buttons:
    return column(
        Button(turn.texts.plain("button.agree"), tap(Verb.JOIN, "agree")),
        Button(turn.texts.plain("button.read"), tap(Verb.JOIN, "read")),
        Button(turn.texts.plain("button.not_now"), tap(Verb.JOIN, "later")),
    )


def take_text(turn: Turn, place: Invited, written: str, command: Command | None) -> None:
    """Take what is typed while somebody registers: a name, or the word for one of the buttons."""
    invitation = turn.find(InvitationNeed(place.code))
    if command and command.intent is Intent.LANGUAGE:
        turn.say(turn.texts("language.choose"), (language_buttons(turn),))
    elif place.is_post_confirmed and isinstance(invitation, Invitation) and not _name_of(place, invitation):
        _take_name(turn, place, invitation, written)
    else:
        is_later = command is not None and command.intent is Intent.STOP
        answer(turn, place, "later" if is_later else _button_meant(place, plain(written)))


def _button_meant(place: Invited, words: str) -> str:
    if words in NO:
        return "later" if place.is_post_confirmed else "no"
    if words in READING:
        return "read"
    if place.is_post_confirmed:
        return "agree" if words in AGREEING else ""
    return "yes" if words in YES else ""


def _take_name(turn: Turn, place: Invited, invitation: Invitation, written: str) -> None:
    name = clean_name(written)
    if not name:
        turn.say(turn.texts("register.name_again"))
        return
    place = Invited(place.code, is_post_confirmed=True, name=name)
    turn.move(place)
    _repeat(turn, place, invitation)


def clean_name(written: str) -> str:
    """Give a name as typed, with single spaces and nothing invisible; empty without a letter, or when too long.

    Others read it: a sign that turns the direction round would change what stands after it.
    """
    name = " ".join(without_invisible(written).split())
    has_letter = any(character.isalpha() for character in name)
    return name if has_letter and len(name) <= MOST_NAME_CHARACTERS else ""


def _accept(turn: Turn, place: Invited, invitation: Invitation) -> None:
    """Bind the person to the post, and begin at once."""
    name = _name_of(place, invitation)
    turn.do(AcceptInvitation(invitation.id, name, invitation.honorific, turn.event.at))
    assignments = _assignments(turn, place.code)
    post = Post(0, invitation.role, invitation.region, invitation.standing, invitation.office)
    known = {each.id for each in turn.brief.assignments}
    person = msgspec.structs.replace(turn.brief.person, name=name, honorific=invitation.honorific)
    turn.brief = msgspec.structs.replace(
        turn.brief,
        person=person,
        posts=(*turn.brief.posts, post),
        assignments=(*turn.brief.assignments, *(each for each in assignments if each.id not in known)),
    )
    turn.note(place=Home(), paused=None, scope="")
    before = turn.texts("register.done", name=person.called)
    if assignments:
        start_filling(turn, assignments[0], before=before)
    else:
        show_menu(turn, before=before)
