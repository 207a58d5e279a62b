"""Broadcasts of a district's coordinator: writing one, how far each is, and stopping or repeating it."""

from __future__ import annotations

from typing import cast

from conversations.actions import ChangeBroadcast, SendRecord
from conversations.audiences import BroadcastDraft
from conversations.broadcasts import Broadcast, BroadcastChange, BroadcastState
from conversations.dialogs import audiences, drafts, launching
from conversations.dialogs.asking import pause
from conversations.dialogs.offers import menu_button
from conversations.events import FileStored
from conversations.messages import Button
from conversations.needs import BroadcastNeed, BroadcastsNeed
from conversations.people import Post
from conversations.session import Drafting
from conversations.taps import Tap, Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, joined, lines
from conversations.views.broadcast_progress import RECORD, SHOW, progress_message
from conversations.views.drafts import number
from conversations.views.naming import shortened

MOST_LISTED = 8
MOST_LABEL = 40
SURE = "cancel!"
CHANGES = {each.value: each for each in BroadcastChange}
ALLOWED = {
    BroadcastChange.UNDO: frozenset({BroadcastState.SCHEDULED}),
    BroadcastChange.PAUSE: frozenset({BroadcastState.SENDING}),
    BroadcastChange.RESUME: frozenset({BroadcastState.PAUSED}),
    BroadcastChange.CANCEL: frozenset({BroadcastState.SCHEDULED, BroadcastState.SENDING, BroadcastState.PAUSED}),
    BroadcastChange.RETRY_FAILED: frozenset({BroadcastState.CANCELLED, BroadcastState.FINISHED}),
}
"""In which states a broadcast can be changed like this."""


def write(turn: Turn) -> None:
    """``siarkan``: write a broadcast."""
    post = drafts.coordinated(turn)
    if post is not None:
        drafts.begin(turn, post)


def show_list(turn: Turn) -> None:
    """``siaran``: the newest broadcasts of the district."""
    post = drafts.coordinated(turn)
    if post is None:
        return
    pause(turn)
    found = cast("tuple[Broadcast, ...]", turn.find(BroadcastsNeed(post.region.id)))[:MOST_LISTED]
    told = [turn.texts("broadcasts.item", number=place, **_item(turn, each)) for place, each in enumerate(found, 1)]
    title = turn.texts("broadcasts.title" if found else "broadcasts.empty")
    labels = {each.id: f"{place}. {_beginning(each)}" for place, each in enumerate(found, 1)}
    buttons = [Button(label, tap(Verb.BROADCAST, SHOW, each)) for each, label in labels.items()]
    new = Button(turn.texts.plain("button.draft_new"), tap(Verb.BROADCAST, "write"))
    turn.say(joined(title, lines(*told)), column(*buttons, new, menu_button(turn)))


def _item(turn: Turn, broadcast: Broadcast) -> dict[str, str]:
    state = turn.texts.plain(f"broadcasts.state.{broadcast.state.name.lower()}")
    sent, people = number(broadcast.sent, turn.texts), number(broadcast.people, turn.texts)
    return {"text": _beginning(broadcast), "state": state, "sent": sent, "people": people}


def _beginning(broadcast: Broadcast) -> str:
    return shortened(" ".join(broadcast.text.split()), MOST_LABEL)


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Take a tap about broadcasts."""
    post = drafts.coordinated(turn)
    if post is None:
        return
    what = tapped.text(0)
    match what:
        case "list":
            show_list(turn)
        case "write":
            drafts.begin(turn, post)
        case "new":
            drafts.start(turn, post)
        case _ if what in (SHOW, RECORD, SURE) or what in CHANGES:
            _at_broadcast(turn, post, tapped)
        case _:
            draft = drafts.draft_of(turn, post)
            if draft is not None:
                _at_draft(turn, draft, tapped)


def _at_draft(turn: Turn, draft: BroadcastDraft, tapped: Tap) -> None:
    match tapped.text(0):
        case what if what in audiences.TAKEN:
            audiences.take_tap(turn, draft, tapped)
        case "text":
            drafts.ask_words(turn)
        case "preview":
            launching.preview(turn, draft)
        case "time":
            launching.ask_time(turn)
        case "at":
            launching.set_time(turn, draft, tapped.number(1))
        case "now":
            launching.send_now(turn, draft)
        case "send":
            launching.launch(turn, draft)
        case _:
            drafts.drop(turn)


def _at_broadcast(turn: Turn, post: Post, tapped: Tap) -> None:
    broadcast = turn.find(BroadcastNeed(tapped.number(1)))
    if not isinstance(broadcast, Broadcast) or broadcast.district != post.region.id:
        turn.say(turn.texts("broadcasts.gone"), column(drafts.list_button(turn), menu_button(turn)))
        return
    match tapped.text(0):
        case what if what == RECORD and broadcast.ended_at is not None and broadcast.people:
            turn.do(SendRecord(broadcast.id))
        case what if what in (SHOW, RECORD):
            _show(turn, post, broadcast)
        case what if what == SURE:
            _change(turn, post, broadcast, BroadcastChange.CANCEL)
        case BroadcastChange.CANCEL if broadcast.state in ALLOWED[BroadcastChange.CANCEL]:
            _ask_sure(turn, broadcast)
        case what:
            _change(turn, post, broadcast, CHANGES[what])


def _show(turn: Turn, post: Post, broadcast: Broadcast, *, before: Markup | str = "") -> None:
    """Show how far it is by now, with what can be done about it."""
    card = progress_message(turn.texts, broadcast, post.region.code, at=turn.event.at)
    pause(turn)
    turn.say(joined(before, Markup(card.text)), card.buttons + column(drafts.list_button(turn)))


def _ask_sure(turn: Turn, broadcast: Broadcast) -> None:
    """What has gone cannot be called back: ask before the rest is given up."""
    pause(turn)
    texts = turn.texts
    yes = Button(texts.plain("button.broadcast_cancel_sure"), tap(Verb.BROADCAST, SURE, broadcast.id))
    no = Button(texts.plain("button.broadcast_go_on"), tap(Verb.BROADCAST, SHOW, broadcast.id))
    told = texts("broadcasts.sure", sent=number(broadcast.sent, texts), text=_beginning(broadcast))
    turn.say(told, column(yes, no))


def _change(turn: Turn, post: Post, broadcast: Broadcast, change: BroadcastChange) -> None:
    """Change it where that is still possible; else show how it is by now."""
    is_pointless = change is BroadcastChange.RETRY_FAILED and not broadcast.unreached
    if broadcast.state not in ALLOWED[change] or is_pointless:
        _show(turn, post, broadcast, before=turn.texts("broadcasts.too_late"))
        return
    turn.do(ChangeBroadcast(broadcast.id, change))
    if change is BroadcastChange.RETRY_FAILED:
        return
    pause(turn)
    show = Button(turn.texts.plain("button.broadcast_show"), tap(Verb.BROADCAST, SHOW, broadcast.id))
    text = turn.texts(f"broadcasts.changed.{change.value}", text=_beginning(broadcast))
    turn.say(text, column(show, drafts.list_button(turn)))


# what is typed and sent meanwhile


def take_text(turn: Turn, place: Drafting, written: str) -> None:
    """Take what is typed while a broadcast is being written."""
    post = drafts.coordinated(turn)
    draft = drafts.draft_of(turn, post) if post else None
    if draft is None:
        return
    match place.step:
        case "subdistrict":
            audiences.search_subdistricts(turn, draft, written)
        case "person":
            audiences.search_people(turn, draft, written)
        case "time":
            launching.take_time(turn, draft, written)
        case "text":
            kept = drafts.accept_words(turn, draft, written)
            if kept is not None:
                audiences.show(turn, kept)
        case _:
            repeat(turn, place)


def take_file(turn: Turn, event: FileStored) -> None:
    """A picture or document for the broadcast lies in the store now."""
    draft = drafts.keep_file(turn, event)
    if draft is not None:
        audiences.show(turn, draft, before=turn.texts("draft.file_kept"))


def repeat(turn: Turn, place: Drafting) -> None:
    """Put once more what was asked for last."""
    post = drafts.coordinated(turn)
    draft = drafts.draft_of(turn, post) if post else None
    if draft is None:
        return
    match place.step:
        case "text":
            drafts.ask_words(turn)
        case "time":
            launching.ask_time(turn)
        case "preview" | "sure":
            launching.preview(turn, draft)
        case _:
            audiences.show(turn, draft)
