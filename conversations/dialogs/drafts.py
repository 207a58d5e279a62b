"""Writing a broadcast: its words, with a picture or document; for coordinators only."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from conversations.actions import FetchFile
from conversations.audiences import (
    MOST_BROADCAST_CHARACTERS,
    Audience,
    BroadcastDraft,
    placeholders_in,
    unknown_placeholders,
)
from conversations.dialogs.asking import leave_to, say_and_ask_again
from conversations.dialogs.offers import ask_button, menu_button
from conversations.events import MOST_FILE_BYTES, FileReceived, FileStored, FileTarget
from conversations.messages import Button
from conversations.people import Post, Role
from conversations.session import Drafting, Home
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, joined
from conversations.views.drafts import beginning

DRAFT_KEY = ":siaran"
"""What a file is fetched for that belongs to a broadcast; no question is called so."""
MOST_PLACEHOLDERS = 10
Step = Literal["text", "audience", "subdistrict", "person", "preview", "time", "sure"]


def coordinated(turn: Turn) -> Post | None:
    """Give the post in whose name the person may broadcast; to anybody else, say courteously that they may not."""
    post = turn.holds(Role.COORDINATOR)
    if post is None:
        turn.say(turn.texts("draft.not_yours"), column(ask_button(turn), menu_button(turn)))
    return post


def draft_of(turn: Turn, post: Post) -> BroadcastDraft | None:
    """Give the broadcast that is being written for this post's district; when there is none, say so."""
    draft = turn.session.draft
    if draft is not None and draft.audience.region == post.region.id:
        return draft
    turn.note(draft=None)
    new = Button(turn.texts.plain("button.draft_new"), tap(Verb.BROADCAST, "new"))
    turn.say(turn.texts("draft.none"), column(new, list_button(turn), menu_button(turn)))
    return None


def list_button(turn: Turn) -> Button:
    """Offer the list of broadcasts."""
    return Button(turn.texts.plain("button.broadcasts"), tap(Verb.BROADCAST, "list"))


def drop_button(turn: Turn) -> Button:
    """Offer to throw the draft away."""
    return Button(turn.texts.plain("button.draft_drop"), tap(Verb.BROADCAST, "drop"))


def move(turn: Turn, step: Step) -> None:
    """Say what is typed next; a question that is open waits."""
    leave_to(turn, Drafting(step))


def begin(turn: Turn, post: Post) -> None:
    """Begin a broadcast, or ask what becomes of one that was begun before."""
    draft = turn.session.draft
    if draft is None or not (draft.text or draft.file) or draft.audience.region != post.region.id:
        start(turn, post)
        return
    buttons = column(
        Button(turn.texts.plain("button.draft_go_on"), tap(Verb.BROADCAST, "to")),
        Button(turn.texts.plain("button.draft_new"), tap(Verb.BROADCAST, "new")),
        drop_button(turn),
    )
    turn.say(turn.texts("draft.waits", text=beginning(draft, turn.texts)), buttons)


def start(turn: Turn, post: Post) -> None:
    """Begin a new broadcast."""
    turn.note(draft=BroadcastDraft(Audience(post.region.id)))
    ask_words(turn)


def ask_words(turn: Turn, *, before: Markup | str = "") -> None:
    """Ask what is to be said."""
    move(turn, "text")
    draft = turn.session.draft
    has_words = draft is not None and bool(draft.text)
    keep = [Button(turn.texts.plain("button.draft_keep"), tap(Verb.BROADCAST, "to"))] if has_words else []
    turn.say(joined(before, turn.texts("draft.write")), column(*keep, drop_button(turn)))


def put_off(turn: Turn) -> None:
    """Keep what has been written, and go on where the person was."""
    draft = turn.session.draft
    is_empty = draft is None or not (draft.text or draft.file)
    turn.note(place=Home(), draft=None if is_empty else draft)
    say_and_ask_again(turn, turn.texts("draft.dropped" if is_empty else "draft.kept"))


def drop(turn: Turn) -> None:
    """Throw the draft away."""
    turn.note(place=Home(), draft=None)
    say_and_ask_again(turn, turn.texts("draft.dropped"))


def accept_words(turn: Turn, draft: BroadcastDraft, written: str) -> BroadcastDraft | None:
    """Keep the words; None: they cannot be sent, it was said why, and they are asked for again."""
    complaint = _complaint(turn, written)
    if complaint is not None:
        ask_words(turn, before=complaint)
        return None
    draft = replace(draft, text=written)
    turn.note(draft=draft)
    return draft


def _complaint(turn: Turn, written: str) -> Markup | None:
    unknown = unknown_placeholders(written)
    if unknown:
        return turn.texts("draft.unknown", unknown=", ".join(unknown))
    units = len(written.encode("utf-16-le")) // 2
    many = sum(written.count(each) for each in placeholders_in(written))
    if units > MOST_BROADCAST_CHARACTERS or many > MOST_PLACEHOLDERS:
        return turn.texts("draft.too_long", most=MOST_BROADCAST_CHARACTERS, places=MOST_PLACEHOLDERS)
    return None if written else turn.texts("draft.no_words")


def receive_file(turn: Turn, event: FileReceived) -> None:
    """Have a picture or document fetched that belongs to the broadcast; what it says comes with it."""
    draft = turn.session.draft
    if draft is None:
        say_and_ask_again(turn, turn.texts("draft.none"))
        return
    if event.file.size_bytes > MOST_FILE_BYTES:
        ask_words(turn, before=turn.texts("evidence.too_large"))
        return
    caption = event.caption.strip()
    if caption and accept_words(turn, draft, caption) is None:
        return
    turn.do(FetchFile(event.file, FileTarget(0, "", DRAFT_KEY)))


def keep_file(turn: Turn, event: FileStored) -> BroadcastDraft | None:
    """Put a file that has been fetched into the draft; None when there is no draft any more, or it has no words."""
    draft = turn.session.draft
    if draft is None:
        say_and_ask_again(turn, turn.texts("draft.none"))
        return None
    draft = replace(draft, file=event.file)
    turn.note(draft=draft)
    if not draft.text:
        ask_words(turn, before=turn.texts("draft.file_kept"))
        return None
    return draft
