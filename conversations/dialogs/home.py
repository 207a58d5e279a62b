"""The main menu, help, status, language, and what does not belong to any one form."""

from __future__ import annotations

from conversations.actions import ForgetPerson, SetLanguage, Tell
from conversations.dialogs.asking import ask_again, asking_of, pause
from conversations.dialogs.going import start_filling
from conversations.dialogs.overview import gaps, lacking
from conversations.forms import Filling
from conversations.hours import day_there, greeting_key
from conversations.messages import Button, bubble
from conversations.needs import CoordinatorsNeed
from conversations.people import AccessRequest, Assignment, Invitation, Post, Region, Role, Standing
from conversations.session import Lost
from conversations.taps import Verb, tap
from conversations.texts import LANGUAGES, Markup, texts_for
from conversations.turn import Buttons, Turn, column, joined, lines
from conversations.views.bars import bar, long_date
from conversations.views.review import region_name

MINUTES_PER_ROW = 1.25
"""A village head's 20 rows take about 25 minutes."""
MOST_ASSIGNMENTS_SHOWN = 6
LONG_SILENCE_SECONDS = 6 * 60 * 60
"""After this long, a sentence of context comes first."""
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
    name = turn.brief.person.called or post_name(turn, post)
    return turn.texts("menu.greeting", hello=hello, name=name)


def post_name(turn: Turn, post: Post | Invitation | AccessRequest) -> str:
    """Name a post; an operator helps the one who holds it."""
    name = role_name(turn, post.role, post.region, post.office)
    return turn.texts.plain("role.operator_of", post=name) if post.standing is Standing.OPERATOR else name


def office_name(turn: Turn, office: str) -> str:
    """Name an office by its code."""
    for form in turn.brief.library.forms.values():
        if office in form.offices:
            return form.offices[office].said(turn.texts.language)
    return office


def role_name(turn: Turn, role: Role, region: Region, office: str = "") -> str:
    """Name a role in a region: ``Kepala Desa Sungai Rebo, Kecamatan Banyuasin I``."""
    key = "role.ward_head" if role is Role.VILLAGE_HEAD and region.is_ward else f"role.{role.value}"
    name = region_name(region, turn.texts)
    return turn.texts.plain(key, region=name, office=office_name(turn, office))


def menu_buttons(turn: Turn) -> Buttons:
    """Give the buttons of the main menu: forms first, then what the posts allow."""
    texts = turn.texts
    forms = [
        Button(_fill_label(turn, assignment), tap(Verb.CONTINUE, assignment.id))
        for assignment in turn.brief.assignments[:MOST_ASSIGNMENTS_SHOWN]
    ]
    score = Button(texts.plain("button.score"), tap(Verb.MENU, "score"))
    queue = [Button(texts.plain("button.queue"), tap(Verb.MENU, "queue"))] if turn.holds(Role.COORDINATOR) else []
    end = (
        Button(texts.plain("button.menu_help"), tap(Verb.MENU, "help")),
        Button(texts.plain("button.language"), tap(Verb.MENU, "language")),
    )
    return (*column(*forms, score, *queue), end)


def _fill_label(turn: Turn, assignment: Assignment) -> str:
    filling = turn.filling(assignment)
    title = filling.form.title.said(turn.texts.language).partition(":")[0]
    done, whole = filling.done(), filling.asked_rows()
    has_begun = set(assignment.progress) - {"."}
    if done == whole and not lacking(filling):
        return turn.texts.plain("button.see_form", form=title)
    key = "button.go_on" if has_begun else "button.begin"
    label = turn.texts.plain(key, form=title, done=done, whole=whole)
    is_shared = len({each.region.id for each in turn.brief.assignments}) > 1
    return f"{label} - {assignment.region.name}" if is_shared else label


def _form_line(turn: Turn, assignment: Assignment) -> Markup:
    filling = turn.filling(assignment)
    done, whole = filling.done(), filling.asked_rows()
    title = filling.form.title.said(turn.texts.language).partition(":")[0]
    return turn.texts("menu.form", bar=bar(done, whole), done=done, whole=whole, form=title)


def show_status(turn: Turn) -> None:
    """Say how far each form is, what is missing, and how much time is left."""
    if not turn.brief.assignments:
        show_menu(turn)
        return
    texts = [status_text(turn, assignment) for assignment in turn.brief.assignments[:MOST_ASSIGNMENTS_SHOWN]]
    pause(turn)
    turn.say(joined(*texts), menu_buttons(turn))


def status_text(turn: Turn, assignment: Assignment) -> Markup:
    """Say how far a form is."""
    filling = turn.filling(assignment)
    done, whole = filling.done(), filling.asked_rows()
    return lines(
        turn.texts(
            "status.form",
            form=filling.form.title.said(turn.texts.language),
            region=region_name(assignment.region, turn.texts),
        ),
        turn.texts("status.done", bar=bar(done, whole), done=done, whole=whole),
        _missing_line(turn, filling),
        deadline_line(turn, assignment),
    )


def _missing_line(turn: Turn, filling: Filling) -> Markup | None:
    unanswered, without = len(gaps(filling)), len(lacking(filling))
    if not unanswered and not without:
        return turn.texts("status.sent" if filling.assignment.sent_at else "status.complete")
    minutes = max(1, round(unanswered * MINUTES_PER_ROW + without * MINUTES_PER_ROW / 2))
    return turn.texts("status.missing", unanswered=unanswered, lacking=without, minutes=minutes)


def deadline_line(turn: Turn, assignment: Assignment) -> Markup | None:
    """Say how much time is left."""
    if assignment.due_at is None:
        return None
    code = assignment.region.code
    due = day_there(assignment.due_at, code)
    if not assignment.is_open(turn.event.at):
        return turn.texts("status.closed", day=long_date(due, turn.texts.language))
    days = (due - day_there(turn.event.at, code)).days
    return turn.texts.count("status.left", days, day=long_date(due, turn.texts.language))


def context_line(turn: Turn) -> Markup | None:
    """After a long silence: one sentence on where things stand."""
    heard = turn.session.heard_at
    if not heard or turn.event.at.timestamp() - heard < LONG_SILENCE_SECONDS:
        return None
    asking = asking_of(turn.session)
    assignment = turn.assignment(asking.assignment) if asking else None
    if asking is None or assignment is None or not turn.brief.posts:
        return None
    filling = turn.filling(assignment)
    row = filling.row(asking.row)
    hello = turn.texts(greeting_key(turn.event.at, assignment.region.code))
    return lines(
        turn.texts(
            "context",
            hello=hello,
            name=turn.brief.person.called,
            done=filling.done(),
            whole=filling.asked_rows(),
            title=row.title.said(turn.texts.language) if row else "",
        ),
        deadline_line(turn, assignment),
    )


def show_help(turn: Turn) -> None:
    """Explain how the bot works, in words that fit the posts that the person holds."""
    texts = turn.texts
    if not turn.brief.posts:
        turn.say(joined(texts("lost.help"), texts("lost")), lost_buttons(turn))
        return
    pause(turn)
    fills = texts("help.filling") if turn.brief.assignments else None
    queue = texts("help.queue") if turn.holds(Role.COORDINATOR) else None
    turn.say(
        joined(texts("help.title"), fills, texts("help.score"), queue, texts("help.end")),
        (
            *menu_buttons(turn),
            (
                Button(texts.plain("button.ask"), tap(Verb.MENU, "ask")),
                Button(texts.plain("button.privacy"), tap(Verb.MENU, "privacy")),
            ),
        ),
    )


def choose_language(turn: Turn, wanted: str) -> None:
    """Offer the languages, or change to the one that was named."""
    named = next((each for each in LANGUAGES if wanted and (wanted == each or wanted in _LANGUAGE_WORDS[each])), None)
    if named:
        speak(turn, named)
        return
    buttons = tuple(Button(turn.texts.plain(f"language.{each}"), tap(Verb.SPEAK, each)) for each in LANGUAGES)
    turn.say(turn.texts("language.choose"), (buttons,))


_LANGUAGE_WORDS = {
    "id": ("indonesia", "bahasa indonesia", "indonesian"),
    "en": ("inggris", "english", "bahasa inggris"),
}


def speak(turn: Turn, language: str) -> None:
    """Change the language; nothing else changes."""
    if language not in LANGUAGES:
        show_menu(turn)
        return
    turn.do(SetLanguage(language))
    turn.texts = texts_for(language, turn.brief.person.honorific)
    before = turn.texts("language.changed")
    if not ask_again(turn, before=before):
        show_menu(turn, before=before)


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
    pause(turn)
    assignment = turn.assignment(turn.session.last_assignment)
    deadline = deadline_line(turn, assignment) if assignment else None
    buttons = (
        column(Button(turn.texts.plain("button.continue"), tap(Verb.CONTINUE, assignment.id))) if assignment else ()
    )
    turn.say(joined(turn.texts("stopped"), deadline), buttons)


def ask_coordinator(turn: Turn) -> None:
    """Let the district's coordinators know that somebody needs help, and where."""
    post = next(iter(turn.brief.posts), None)
    coordinators = turn.find(CoordinatorsNeed(post.region.district_id)) if post else ()
    if post is None or not isinstance(coordinators, tuple) or not coordinators:
        turn.say(turn.texts("ask.nobody"), menu_buttons(turn) if turn.brief.posts else lost_buttons(turn))
        return
    where = _where_stuck(turn)
    text = turn.texts("ask.told", name=turn.brief.person.name, post=post_name(turn, post), where=where)
    day = turn.today.isoformat()
    for person in coordinators:
        turn.do(Tell(person, bubble(text), f"ask:{turn.brief.person.id}:{person}:{day}"))
    turn.note(misses=0)
    turn.say(turn.texts("ask.done"))


def _where_stuck(turn: Turn) -> Markup:
    asking = asking_of(turn.session)
    assignment = turn.assignment(asking.assignment) if asking else None
    row = turn.filling(assignment).row(asking.row) if asking and assignment else None
    return turn.texts("ask.where", title=row.title.said(turn.texts.language)) if row else Markup("")


def show_privacy(turn: Turn) -> None:
    """Say what is stored, why, and how to have it deleted."""
    turn.say(turn.texts("privacy"), column(Button(turn.texts.plain("button.forget"), tap(Verb.MENU, "forget"))))


def confirm_forget(turn: Turn) -> None:
    """Ask once more before deleting."""
    turn.say(
        turn.texts("forget.sure"),
        column(
            Button(turn.texts.plain("button.forget_yes"), tap(Verb.MENU, "forget!")),
            Button(turn.texts.plain("button.menu"), tap(Verb.MENU, "home")),
        ),
    )


def forget(turn: Turn) -> None:
    """Delete the person's data; answers belong to the post and stay."""
    turn.do(ForgetPerson())
    turn.note(place=Lost(), paused=None, undoable=(), last_assignment=0, scope="")
    turn.say(turn.texts("forget.done"))


def ask_buttons(turn: Turn) -> tuple[Button, ...]:
    """Offer to ask the coordinator."""
    return (Button(turn.texts.plain("button.ask"), tap(Verb.MENU, "ask")),)


def not_understood(turn: Turn) -> None:
    """Nothing was understood: help that fits the place, and after three misses the coordinator."""
    turn.note(misses=turn.session.misses + 1)
    if not turn.brief.posts:
        turn.say(turn.texts("lost"), lost_buttons(turn))
        return
    offers = [
        Button(turn.texts.plain("button.menu"), tap(Verb.MENU, "home")),
        Button(turn.texts.plain("button.menu_help"), tap(Verb.MENU, "help")),
    ]
    if turn.session.misses >= MISSES_BEFORE_OFFER:
        offers.extend(ask_buttons(turn))
    turn.say(turn.texts("not_understood"), column(*offers))
