"""What can be done about a reminder: be reminded later, or say that it is somebody else's task by now."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from conversations.actions import LeavePost, Snooze, Tell
from conversations.dialogs.home import lost_buttons
from conversations.dialogs.offers import menu_button
from conversations.hours import day_there, zone_of
from conversations.messages import Button, bubble
from conversations.needs import CoordinatorsNeed
from conversations.people import Post, answers_for
from conversations.session import Home, Lost
from conversations.snoozing import Later, choices
from conversations.taps import Tap, Verb, tap
from conversations.tasks import ANSWERING, Task, open_tasks
from conversations.texts import Markup
from conversations.turn import Turn, column
from conversations.views.bars import clock_time, day_with_name
from conversations.views.naming import post_name
from conversations.views.reminders import later_buttons


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap on a reminder, however old it is."""
    what, post = tapped.text(0), _post(turn, tapped.number(1))
    if what == "leave!" and post:
        _leave(turn, post)
    elif what == "leave?" and post:
        _confirm(turn, post)
    elif what in ("leave", "leave?", "leave!"):
        ask_which(turn)
    else:
        remind_later(turn, what)


def remind_later(turn: Turn, what: str) -> None:
    """Remind somebody at the moment of their choice, or ask for it; what has passed by now gives way to the next."""
    tasks = _tasks(turn)
    offered = _choices(turn, tasks)
    if not tasks:
        turn.say(turn.texts("later.nothing"), column(menu_button(turn)))
    elif not offered:
        turn.say(turn.texts("later.too_late"), column(_go_on(turn, tasks)))
    elif what in set(Later):
        until = offered.get(Later(what)) or next(iter(offered.values()))
        turn.do(Snooze(until))
        turn.say(turn.texts("later.noted", moment=_moment(turn, until)), column(_go_on(turn, tasks)))
    else:
        turn.say(turn.texts("later.when"), later_buttons(offered, turn.texts))


def _tasks(turn: Turn) -> list[Task]:
    return open_tasks(turn.brief.posts, turn.brief.assignments, turn.brief.library, turn.event.at)


def _choices(turn: Turn, tasks: list[Task]) -> dict[Later, datetime]:
    until = tasks[0].window.closes_at if tasks and tasks[0].window else None
    return choices(turn.event.at, _code(turn), turn.brief.rules, until)


def _code(turn: Turn) -> str:
    return turn.brief.posts[0].region.code if turn.brief.posts else ""


def _go_on(turn: Turn, tasks: list[Task]) -> Button:
    return Button(turn.texts.plain("button.fill_now"), tap(Verb.CONTINUE, tasks[0].assignment.id))


def _moment(turn: Turn, at: datetime) -> Markup:
    code = _code(turn)
    day = day_with_name(day_there(at, code), turn.texts.language)
    return turn.texts("calendar.hour", day=day, time=clock_time(at, zone_of(code)))


def ask_which(turn: Turn) -> None:
    """Find out which task is somebody else's by now."""
    posts = _posts(turn)
    if len(posts) == 1:
        _confirm(turn, posts[0])
    elif posts:
        buttons = [
            Button(post_name(turn.brief.library, post, turn.texts), tap(Verb.REMIND, "leave?", post.id))
            for post in posts
        ]
        turn.say(turn.texts("leave.which"), column(*buttons, menu_button(turn)))
    else:
        turn.say(turn.texts("leave.none"), column(menu_button(turn)) if turn.brief.posts else lost_buttons(turn))


def _posts(turn: Turn) -> list[Post]:
    """Give the posts for which forms are filled in."""
    return [post for post in turn.brief.posts if post.role in ANSWERING]


def _post(turn: Turn, number: int) -> Post | None:
    return next((post for post in _posts(turn) if post.id == number), None)


def _confirm(turn: Turn, post: Post) -> None:
    yes = Button(turn.texts.plain("button.not_mine_yes"), tap(Verb.REMIND, "leave!", post.id))
    no = Button(turn.texts.plain("button.not_mine_no"), tap(Verb.MENU, "home"))
    turn.say(turn.texts("leave.sure", post=post_name(turn.brief.library, post, turn.texts)), column(yes, no))


def _leave(turn: Turn, post: Post) -> None:
    """Let the post be free, and the coordinators know."""
    turn.do(LeavePost(post.id))
    coordinators = turn.find(CoordinatorsNeed(post.region.district_id))
    assert isinstance(coordinators, tuple)
    for person in coordinators:
        _tell(turn, post, person)
    posts = tuple(each for each in turn.brief.posts if each.id != post.id)
    kept = tuple(each for each in turn.brief.assignments if any(answers_for(other, each) for other in posts))
    turn.brief = replace(turn.brief, posts=posts, assignments=kept)
    turn.note(place=Home() if posts else Lost(), paused=None, last_assignment=0, scope="")
    text = turn.texts("leave.done", post=post_name(turn.brief.library, post, turn.texts))
    turn.say(text, column(menu_button(turn)) if posts else lost_buttons(turn))


def _tell(turn: Turn, post: Post, person: int) -> None:
    texts = turn.texts_of(person)
    name = turn.brief.person.called or texts("somebody")
    text = texts("leave.told", name=name, post=post_name(turn.brief.library, post, texts))
    turn.do(Tell(person, bubble(text), f"left:{post.id}:{turn.brief.person.id}:{int(turn.event.at.timestamp())}"))
