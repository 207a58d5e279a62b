"""The main menu, help, status, and what does not belong to any one form."""

from __future__ import annotations

from conversations.dialogs.asking import asking_of, pause
from conversations.dialogs.going import start_filling
from conversations.dialogs.offers import ask_button, menu_button
from conversations.dialogs.overview import lacking
from conversations.dialogs.status import context_line, deadline_line, status_text
from conversations.hours import greeting_key
from conversations.messages import Button
from conversations.people import Assignment, Role
from conversations.session import Lost
from conversations.taps import Verb, tap
from conversations.texts import LANGUAGES, Markup
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.bars import bar
from conversations.views.naming import post_name

MOST_ASSIGNMENTS_SHOWN = 6
MISSES_BEFORE_OFFER = 3


def show_menu(turn: Turn, *, before: Markup | str = "") -> None:
    """Show what can be done from here."""
    if not turn.brief.posts:
        turn.move(Lost())
        turn.say(joined(before, turn.texts("lost")), lost_buttons(turn))
        return
    pause(turn)
    texts = turn.texts
    forms = [_form_line(turn, assignment) for assignment in turn.brief.assignments[:MOST_ASSIGNMENTS_SHOWN]]
    text = joined(before, _greeting(turn), lines(*forms), texts("menu.choose"))
    turn.say(text, menu_buttons(turn))


def lost_buttons(turn: Turn) -> Buttons:
    """Offer what somebody without a post can do."""
    texts = turn.texts
    other = next(language for language in LANGUAGES if language != texts.language)
    return column(
        Button(texts.plain("button.request"), tap(Verb.REQUEST, "start")),
        Button(texts.plain(f"language.{other}"), tap(Verb.SPEAK, other)),
    )


def _greeting(turn: Turn) -> Markup:
    post = turn.brief.posts[0]
    hello = turn.texts(greeting_key(turn.event.at, post.region.code))
    name = turn.brief.person.called or post_name(turn.brief.library, post, turn.texts)
    return turn.texts("menu.greeting", hello=hello, name=name)


def menu_buttons(turn: Turn) -> Buttons:
    """Give the buttons of the main menu: forms first, then what the posts allow."""
    texts = turn.texts
    forms = [
        Button(_fill_label(turn, assignment), tap(Verb.CONTINUE, assignment.id))
        for assignment in turn.brief.assignments[:MOST_ASSIGNMENTS_SHOWN]
    ]
    score = Button(texts.plain("button.score"), tap(Verb.MENU, "score"))
    own = _coordinator_buttons(turn) if turn.holds(Role.COORDINATOR) else ()
    end = (
        Button(texts.plain("button.menu_help"), tap(Verb.MENU, "help")),
        Button(texts.plain("button.language"), tap(Verb.MENU, "language")),
    )
    return (*column(*forms, score, *own), end)


def _coordinator_buttons(turn: Turn) -> tuple[Button, ...]:
    return (
        Button(turn.texts.plain("button.queue"), tap(Verb.MENU, "queue")),
        Button(turn.texts.plain("button.broadcasts"), tap(Verb.BROADCAST, "list")),
    )


def _fill_label(turn: Turn, assignment: Assignment) -> str:
    filling = turn.filling(assignment)
    title = filling.form.title.said(turn.texts.language).partition(":")[0]
    done, whole = filling.done(), filling.asked_rows()
    has_begun = set(assignment.progress) - {"."}
    if done == whole and not lacking(filling):
        return turn.texts.plain("button.see_form", form=title)
    key = "button.go_on" if has_begun else "button.begin"
    label = turn.texts.plain(key, form=title, done=done, whole=whole)
    return f"{label} - {assignment.region.name}" if turn.has_several_regions else label


def _form_line(turn: Turn, assignment: Assignment) -> Markup:
    filling = turn.filling(assignment)
    done, whole = filling.done(), filling.asked_rows()
    title = filling.form.title.said(turn.texts.language).partition(":")[0]
    if turn.has_several_regions:
        title = f"{title} - {assignment.region.name}"
    return turn.texts("menu.form", bar=bar(done, whole), done=done, whole=whole, form=title)


def show_status(turn: Turn) -> None:
    """Say how far each form is, what is missing, and how much time is left."""
    if not turn.brief.assignments:
        show_menu(turn)
        return
    texts = [status_text(turn, assignment) for assignment in turn.brief.assignments[:MOST_ASSIGNMENTS_SHOWN]]
    pause(turn)
    turn.say(joined(*texts), menu_buttons(turn))


def show_help(turn: Turn) -> None:
    """Explain how the bot works, in words that fit the posts that the person holds."""
    texts = turn.texts
    if not turn.brief.posts:
        turn.say(joined(texts("lost.help"), texts("lost"), texts("link.how")), lost_buttons(turn))
        return
    pause(turn)
    fills = texts("help.filling") if turn.brief.assignments else None
    queue = lines(texts("help.queue"), texts("help.broadcasts")) if turn.holds(Role.COORDINATOR) else None
    turn.say(
        joined(texts("help.title"), fills, texts("help.score"), queue, texts("help.chats"), texts("help.end")),
        (
            *menu_buttons(turn),
            (
                ask_button(turn),
                Button(texts.plain("button.privacy"), tap(Verb.MENU, "privacy")),
                Button(texts.plain("button.chats"), tap(Verb.CHATS, "show")),
            ),
        ),
    )


def fill(turn: Turn) -> None:
    """Begin or go on with the form; with several, ask which."""
    context = context_line(turn) or ""
    assignments = turn.brief.assignments
    paused = asking_of(turn.session)
    chosen = turn.assignment(paused.assignment if paused else turn.session.last_assignment)
    if chosen is None and len(assignments) == 1:
        chosen = assignments[0]
    if chosen is None:
        show_menu(turn)
        return
    turn.note(paused=paused)
    start_filling(turn, chosen, before=context)


def stop(turn: Turn) -> None:
    """Everything is kept; say how to go on."""
    if not turn.brief.posts:
        show_menu(turn)
        return
    pause(turn)
    assignment = turn.assignment(turn.session.last_assignment)
    deadline = deadline_line(turn, assignment) if assignment else None
    buttons = (
        column(Button(turn.texts.plain("button.continue"), tap(Verb.CONTINUE, assignment.id))) if assignment else ()
    )
    turn.say(joined(turn.texts("stopped"), deadline), buttons)


def not_understood(turn: Turn) -> None:
    """Nothing was understood: help that fits the place, and after three misses the coordinator."""
    turn.note(misses=turn.session.misses + 1)
    if not turn.brief.posts:
        turn.say(turn.texts("lost"), lost_buttons(turn))
        return
    offers = [
        menu_button(turn),
        Button(turn.texts.plain("button.menu_help"), tap(Verb.MENU, "help")),
    ]
    if turn.session.misses >= MISSES_BEFORE_OFFER:
        offers.append(ask_button(turn))
    turn.say(turn.texts("not_understood"), column(*offers))
