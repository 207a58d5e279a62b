"""How a reminder reads: what is missing, how long it takes, when it ends, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import unescape

from msgspec.structs import replace

from conversations.brief import Library
from conversations.form_states import FormState
from conversations.messages import Button, Message, Template, bubble
from conversations.people import Invitation, Person, Post
from conversations.snoozing import Later
from conversations.taps import Verb, tap
from conversations.tasks import Lacks, Task
from conversations.texts import Markup, Texts, texts_for
from conversations.turn import Buttons, column, joined, lines
from conversations.views.calendar import end_text, left_text
from conversations.views.missing import missing_text, task_text
from conversations.views.naming import post_name, region_name
from conversations.views.templates import invited, reminded

MOST_TASKS_SHOWN = 5


def reminder(
    reader: Person, tasks: Sequence[Task], later: Iterable[Later], *, at: datetime, opening: Markup | None = None
) -> Message:
    """Write a reminder of tasks, at least one, the most urgent first.

    ``later``: when it can be said again; ``opening``: who wants it said.
    """
    texts = texts_for(reader.language, reader.honorific)
    name = reader.called or texts.plain("you")
    text = _one(tasks[0], name, texts) if len(tasks) == 1 else _several(tasks, name, texts)
    help_me = Button(texts.plain("button.help_me"), tap(Verb.MENU, "ask"), texts.plain("word.ask"))
    not_mine = Button(texts.plain("button.not_mine"), tap(Verb.REMIND, "leave"), texts.plain("word.not_mine"))
    buttons = (*column(*_fill_buttons(tasks, texts)), *later_buttons(later, texts), (help_me,), (not_mine,))
    message = bubble(joined(opening, lines(text, _left(tasks[0], at, texts))), buttons, or_type=texts("button.or_type"))
    return replace(message, template=_template(tasks, name, texts))


def opening_by(reader: Person, asker: Person, held: Post, library: Library) -> Markup:
    """Say in whose name it goes."""
    texts = texts_for(reader.language, reader.honorific)
    return texts("reminder.by", name=asker.called, post=post_name(library, held, texts))


def opening_asked(reader: Person) -> Markup:
    """Say that the reader has asked for it."""
    return texts_for(reader.language, reader.honorific)("reminder.asked")


def later_buttons(later: Iterable[Later], texts: Texts) -> Buttons:
    """Offer to say it again later."""
    return column(
        *(
            Button(texts.plain(f"button.later.{each}"), tap(Verb.REMIND, each), texts.plain(f"word.later.{each}"))
            for each in later
        )
    )


def _one(task: Task, name: str, texts: Texts) -> Markup:
    return texts("reminder.one", name=name, form=form_name(task, texts), task=task_text(task, texts))


def _several(tasks: Sequence[Task], name: str, texts: Texts) -> Markup:
    shown = [
        texts("reminder.each", form=_named(task, texts), task=task_text(task, texts))
        for task in tasks[:MOST_TASKS_SHOWN]
    ]
    rest = len(tasks) - len(shown)
    more = texts("reminder.more", amount=rest) if rest else None
    return joined(texts("reminder.several", name=name, amount=len(tasks)), lines(*shown, more))


def form_name(task: Task, texts: Texts) -> str:
    """Name a form in short: ``Dekela``."""
    return task.form.title.said(texts.language).partition(":")[0]


def _named(task: Task, texts: Texts) -> str:
    return f"{form_name(task, texts)} {region_name(task.assignment.region, texts)}"


def _fill_buttons(tasks: Sequence[Task], texts: Texts) -> list[Button]:
    if len(tasks) > 1:
        return [
            Button(texts.plain("button.fill_named", form=_named(task, texts)), _fill_tap(task))
            for task in tasks[:MOST_TASKS_SHOWN]
        ]
    key = "button.send" if tasks[0].state is FormState.COMPLETE else "button.fill_now"
    return [Button(texts.plain(key), _fill_tap(tasks[0]))]


def _fill_tap(task: Task) -> str:
    verb = Verb.SEND if task.state is FormState.COMPLETE else Verb.CONTINUE
    return tap(verb, task.assignment.id)


def _left(task: Task, at: datetime, texts: Texts) -> Markup | None:
    has_end = task.window and task.window.due_at
    return left_text(task.window, at, task.assignment.region.code, texts) if task.window and has_end else None


def _template(tasks: Sequence[Task], name: str, texts: Texts) -> Template:
    first = tasks[0]
    ends = first.window.due_at if first.window else None
    end = end_text(ends, first.assignment.region.code, texts) if ends else texts("reminder.no_end")
    form = form_name(first, texts) if len(tasks) == 1 else texts.plain("reminder.forms", amount=len(tasks))
    lacks = Lacks(*map(sum, zip(*(task.lacks for task in tasks), strict=True)))
    missing = missing_text(lacks, texts) or texts("task.to_send")
    payloads = (_fill_tap(first), tap(Verb.REMIND, "later"), tap(Verb.MENU, "ask"))
    return reminded(texts, (name, form, str(unescape(missing)), str(unescape(end))), payloads)


def unfinished(reader: Person, invitation: Invitation, library: Library) -> Message:
    """Remind somebody who has shown an invitation that they are not registered yet."""
    texts = texts_for(reader.language, reader.honorific or invitation.honorific)
    name = f"{invitation.honorific} {invitation.name}".strip() or texts.plain("you")
    post = post_name(library, invitation, texts)
    text = texts("reminder.unfinished", name=name, post=post)
    go_on = Button(texts.plain("button.go_on_registering"), tap(Verb.JOIN, "on"))
    not_me = Button(texts.plain("button.wrong"), tap(Verb.JOIN, "no"))
    template = invited(texts, (name, invitation.region.district, post), (tap(Verb.JOIN, "on"), tap(Verb.JOIN, "no")))
    return replace(bubble(text, ((go_on,), (not_me,))), template=template)
