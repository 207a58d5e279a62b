"""What else people (and Telegram) send: every update is followed by what has to become of it.

``AHMAD`` is whoever sends it; the tests put a village head in his place who is at a question, and a stranger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    Event,
    FileReceived,
    LocationReceived,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)

AHMAD = 7_345_678_901
"""A number that needs more than 32 bits, as today's do."""
USER = {"id": AHMAD, "is_bot": False, "first_name": "Ahmad", "language_code": "id"}
PRIVATE = {"id": AHMAD, "type": "private", "first_name": "Ahmad"}
GROUP = {"id": -4_001, "type": "group", "title": "Perangkat desa"}
SUPERGROUP = {"id": -1_001_234_567_890, "type": "supergroup", "title": "Camat se-kabupaten", "is_forum": True}
CHANNEL = {"id": -1_009_876_543_210, "type": "channel", "title": "Kabar PPPA"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
FILE = {"file_id": "AgAD", "file_unique_id": "u", "file_size": 900}
SIZES = [{**FILE, "width": 90, "height": 67}]
PLACE = {"latitude": -2.99, "longitude": 104.75}

NOT_UNDERSTOOD = "jawabannya berupa angka"
"""What a village head hears whose question wants a number."""
NO_VOICE = "pesan suara belum bisa saya dengarkan"
NO_VIDEO = "video belum bisa saya terima"
NO_OTHER = "pesan seperti itu belum bisa saya baca"
BEGIN = "memerlukan undangan"
"""What a stranger hears."""


@dataclass(frozen=True)
class Oddity:
    """One update and what becomes of it."""

    name: str
    update: Mapping[str, Any]
    event: type[Event] | None = None
    """None: it is passed over, and nothing is said."""
    says: str = ""
    """Words of the one reply to the village head; empty: none (yet)."""
    says_to_stranger: str = BEGIN
    is_for_group: bool = False
    """A group is told, once in a while, that we talk in private."""
    problem: str = ""
    """Part of why it cannot be read at all."""


def message(**fields: object) -> dict[str, Any]:
    """Give a message that Ahmad sends in private."""
    return {"message": {"message_id": 5, "date": 1_767_225_600, "from": USER, "chat": PRIVATE, **fields}}


def _text(name: str, text: str, says: str = NOT_UNDERSTOOD, **fields: object) -> Oddity:
    return Oddity(name, message(text=text, **fields), TextReceived, says)


def _unsupported(name: str, says: str = NO_OTHER, **fields: object) -> Oddity:
    return Oddity(name, message(**fields), UnsupportedReceived, says)


def _in(chat: Mapping[str, object], name: str, **fields: object) -> Oddity:
    return Oddity(name, message(chat=chat, **fields))


def _tap(name: str, **fields: object) -> Oddity:
    tap = {"id": "4382", "from": USER, "chat_instance": "-1", "data": "q:0:x", **fields}
    return Oddity(name, {"callback_query": tap}, ChoiceTapped, "bukan lagi tugas", "bukan lagi tugas")


TEXTS = (
    Oddity("a text that is empty", message(text="")),
    _text("a text of spaces", "   \n ", "masih kosong"),
    _text("4096 emoji", "🙂" * 4096),
    _text("families of emoji, joined", "👨‍👩‍👧‍👦" * 500),
    _text("zero-width characters alone", "\u200b\u200c\u200d\u2060\ufeff", "masih kosong"),
    _text("a number between zero-width characters", "\u200b12\u200b", "12 anak"),
    _text("Arabic, right to left", "السلام عليكم"),
    _text("digits of Arabic", "\u0661\u0662"),
    _text("full-width digits", "\uff11\uff12", "12 anak"),
    _text("an override of the direction", "\u202e21\u202c", "21 anak"),
    _text("a heap of combining marks", "a" + "\u0301" * 4000),
    _text("NUL and control characters", "\x00\x01\x02\x1b[31m\x7f"),
    _text("a number between control characters", "\x0012\x07", "12 anak"),
    _text("half of a surrogate pair", "(half)\ud83d"),
    _text("characters beyond the first plane", "\U0001d7cf\U0001d7d0\U00013000"),
    _text("a number in mathematical letters", "\U0001d7cf\U0001d7d0", "12 anak"),
    _text("markup", "<b>&amp;</b><script>{you}%s{0}"),
    _text("SQL", "'; DROP TABLE sheet; --"),
    _text("a path", "../../../../etc/passwd\u0000.pdf"),
    _text("a command nobody has", "/settings@jemputbola_bot now"),
    Oddity(
        "a start with rubbish behind it",
        message(text="/start \u202e<b>" + "x" * 60),
        TextReceived,
        "belum saya kenali",
        "belum saya kenali",
    ),
    _text("a number of 4000 digits", "9" * 4000),
    _text("a message that was forwarded", "12", "12 anak", forward_origin={"type": "hidden_user", "date": 1}),
    _text("a message forwarded from a channel", "12", "12 anak", forward_from_chat=CHANNEL, forward_date=1),
    _text("a message through another bot", "12", "12 anak", via_bot={**ANONYMOUS, "username": "gif"}),
    _text("a reply to a message that is gone", "12", "12 anak", reply_to_message={"message_id": 1, "chat": PRIVATE}),
    _text("a reply to a story", "12", "12 anak", reply_to_story={"chat": PRIVATE, "id": 1}),
    _text("a quote", "12", "12 anak", quote={"text": "12", "position": 0}, external_reply={"origin": {}}),
    _text("a topic of a private chat", "12", "12 anak", message_thread_id=7, is_topic_message=True),
    _text("a date of 0", "12", "12 anak", date=0),
    _text("a date far away", "12", "12 anak", date=253_402_300_799),
    _text("the largest number a message can have", "12", "12 anak", message_id=2**53 + 1),
    _text("fields that nobody knows yet", "12", "12 anak", hologram={"depth": [1, {"a": None}]}, mood="🙂"),
    _text("somebody without a name", "12", "12 anak", **{"from": {"id": AHMAD, "is_bot": False, "first_name": ""}}),
    _text("somebody with a name of NULs", "12", "12 anak", **{"from": {**USER, "first_name": "\x00"}}),
    _text("somebody whose name turns around", "12", "12 anak", **{"from": {**USER, "last_name": "\u202e"}}),
    _text("somebody with an endless name", "12", "12 anak", **{"from": {**USER, "first_name": "n" * 5000}}),
)
UNSUPPORTED = (
    _unsupported("a sticker", sticker={**FILE, "type": "regular", "emoji": "👍"}),
    _unsupported("a poll", poll={"id": "1", "question": "Setuju?", "options": []}),
    _unsupported("a dice", dice={"emoji": "🎲", "value": 6}),
    _unsupported("a game", game={"title": "Ular", "description": "", "photo": SIZES}),
    _unsupported("a story", story={"chat": PRIVATE, "id": 1}),
    _unsupported("an invoice", invoice={"title": "x", "currency": "XTR", "total_amount": 1}),
    _unsupported("a checklist", checklist={"title": "x", "tasks": []}),
    _unsupported("media that has to be paid for", paid_media={"star_count": 5, "paid_media": []}),
    _unsupported("a giveaway", giveaway={"chats": [CHANNEL], "winner_count": 1}),
    _unsupported("the winners of a giveaway", giveaway_winners={"chat": CHANNEL, "winners": [USER]}),
    _unsupported("a rich message", rich_message={"blocks": []}),
    _unsupported("a voice note", NO_VOICE, voice={**FILE, "duration": 3}),
    _unsupported("music", NO_VOICE, audio={**FILE, "duration": 3}, caption="12"),
    _unsupported("a video", NO_VIDEO, video={**FILE, "duration": 3}, caption="12"),
    _unsupported("a round video", NO_VIDEO, video_note={**FILE, "duration": 3, "length": 240}),
    _unsupported("an animation", NO_VIDEO, animation=FILE, document=FILE),
    _unsupported("a video out of an album", NO_VIDEO, video=FILE, media_group_id="13579"),
)
OTHERS = (
    Oddity("a photo of no size", message(photo=[{**FILE, "width": 0, "height": 0, "file_size": 0}]), FileReceived),
    Oddity("a photo without sizes", message(photo=[])),
    Oddity("a photo that lives", message(photo=SIZES, live_photo={**FILE, "width": 90, "height": 67}), FileReceived),
    Oddity("a photo with a caption of NULs", message(photo=SIZES, caption="\x00" * 1024), FileReceived),
    Oddity("a photo to be seen once", message(photo=SIZES, has_media_spoiler=True), FileReceived),
    Oddity(
        "a document with a name that leads elsewhere",
        message(document={**FILE, "file_name": "..\\..\\\u202efdp.exe\x00", "mime_type": "a/b"}),
        FileReceived,
    ),
    Oddity("a document without a name", message(document=FILE), FileReceived),
    Oddity(
        "a document of 3 GB",
        message(document={**FILE, "file_size": 3 * 2**30}),
        FileReceived,
        "lebih dari 20 MB",
    ),
    Oddity(
        "a contact card of one's own",
        message(contact={"phone_number": "+62811", "first_name": "A", "user_id": AHMAD}),
        ContactReceived,
        "kartu kontak tidak diperlukan",
    ),
    Oddity(
        "a contact card of somebody else",
        message(contact={"phone_number": "", "first_name": "", "vcard": "\x00"}),
        ContactReceived,
        "kartu kontak tidak diperlukan",
    ),
    Oddity("a place", message(location=PLACE), LocationReceived, "lokasi tidak diperlukan"),
    Oddity(
        "a venue",
        message(location=PLACE, venue={"location": PLACE, "title": "Kantor", "address": "Jl"}),
        LocationReceived,
        "lokasi tidak diperlukan",
    ),
    Oddity(
        "a place that moves",
        message(location={**PLACE, "live_period": 900, "heading": 1}),
        LocationReceived,
        "lokasi tidak diperlukan",
    ),
    Oddity("a place beyond the pole", message(location={"latitude": 91, "longitude": 0}), problem="latitude"),
)
EDITS = (
    Oddity(
        "an edited text",
        {"edited_message": message(text="13", edit_date=2, message_id=4)["message"]},
        TextEdited,
        "tidak mengubah jawaban",
    ),
    Oddity("an edited caption", {"edited_message": message(photo=SIZES, caption="13")["message"]}),
    Oddity("a place that has moved", {"edited_message": message(location={**PLACE, "live_period": 900})["message"]}),
    Oddity("an edit in a group", {"edited_message": message(text="13", chat=GROUP)["message"]}),
)
TAPS = (
    _tap("a tap on somebody else's button", message={"message_id": 4, "date": 1, "chat": PRIVATE}),
    _tap("a tap without a message", inline_message_id="AAA"),
    _tap("a tap on a message that is not accessible", message={"message_id": 4, "date": 0, "chat": PRIVATE}),
    Oddity(
        "a tap of a game",
        {"callback_query": {"id": "1", "from": USER, "chat_instance": "1", "game_short_name": "ular"}},
        ChoiceTapped,
        "sudah tidak berlaku",
        "sudah tidak berlaku",
    ),
    Oddity(
        "a tap with rubbish",
        {"callback_query": {"id": "1", "from": USER, "data": "g:\x00:" + "🙂" * 99}},
        ChoiceTapped,
        "sudah tidak berlaku",
        "sudah tidak berlaku",
    ),
    Oddity(
        "a tap in a group",
        {
            "callback_query": {
                "id": "1",
                "from": USER,
                "data": "y",
                "message": {"message_id": 4, "date": 1, "chat": GROUP},
            }
        },
    ),
)
ELSEWHERE = (
    Oddity("a command in a group", message(chat=GROUP, text="/start"), is_for_group=True),
    Oddity("our name in a supergroup", message(chat=SUPERGROUP, text="@Jemputbola_Bot tolong"), is_for_group=True),
    Oddity(
        "a command of an administrator without a name",
        message(chat=SUPERGROUP, text="/start@jemputbola_bot", sender_chat=SUPERGROUP, **{"from": ANONYMOUS}),
        is_for_group=True,
    ),
    Oddity("a command in a channel", message(chat=CHANNEL, text="/start")),
    _in(GROUP, "talk in a group", text="12"),
    _in(SUPERGROUP, "talk in a supergroup", text="12"),
    _in(SUPERGROUP, "talk in a topic", text="12", message_thread_id=3, is_topic_message=True),
    _in(GROUP, "a photo in a group", photo=SIZES),
    _in(GROUP, "a sticker in a group", sticker=FILE),
    _in(GROUP, "somebody comes in", new_chat_members=[USER]),
    _in(GROUP, "somebody goes", left_chat_member=USER),
    _in(GROUP, "a group becomes a supergroup", migrate_to_chat_id=SUPERGROUP["id"]),
    _in(SUPERGROUP, "a supergroup was a group", migrate_from_chat_id=GROUP["id"]),
    _in(SUPERGROUP, "an administrator without a name", text="12", sender_chat=SUPERGROUP, **{"from": ANONYMOUS}),
    _in(
        SUPERGROUP,
        "a post of the channel that a group discusses",
        text="12",
        sender_chat=CHANNEL,
        is_automatic_forward=True,
    ),
    _in(CHANNEL, "a message in a channel", text="12", sender_chat=CHANNEL),
    _in({"id": 1, "type": "community"}, "a kind of chat that nobody knows yet", text="12"),
)
SERVICE = (
    Oddity("a pinned message", message(pinned_message={"message_id": 1, "date": 0, "chat": PRIVATE})),
    Oddity(
        "a timer that deletes messages", message(message_auto_delete_timer_changed={"message_auto_delete_time": 86400})
    ),
    Oddity("permission to write", message(write_access_allowed={"from_request": True})),
    Oddity("another background", message(chat_background_set={"type": {}})),
    Oddity("a gift", message(gift={"gift": {}})),
    Oddity("content that nobody knows yet", message(hologram={"file_id": "h"})),
    Oddity("a message without a sender", {"message": {"message_id": 5, "date": 1, "chat": PRIVATE, "text": "12"}}),
    Oddity("a message of another bot", message(text="12", **{"from": {**USER, "is_bot": True}})),
)
OTHER_UPDATES = (
    Oddity("a post in a channel", {"channel_post": message(chat=CHANNEL, text="12")["message"]}),
    Oddity("an edited post", {"edited_channel_post": message(chat=CHANNEL, text="12")["message"]}),
    Oddity("a message to a business", {"business_message": message(text="12", business_connection_id="b")["message"]}),
    Oddity("a connection to a business", {"business_connection": {"id": "b", "user": USER, "is_enabled": True}}),
    Oddity("messages to a business are gone", {"deleted_business_messages": {"message_ids": [1]}}),
    Oddity(
        "a reaction",
        {
            "message_reaction": {
                "chat": PRIVATE,
                "message_id": 4,
                "user": USER,
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            }
        },
    ),
    Oddity("a count of reactions", {"message_reaction_count": {"chat": CHANNEL, "message_id": 4, "reactions": []}}),
    Oddity("an inline query", {"inline_query": {"id": "1", "from": USER, "query": "12", "offset": ""}}),
    Oddity("a chosen result", {"chosen_inline_result": {"result_id": "1", "from": USER, "query": "12"}}),
    Oddity("a question about shipping", {"shipping_query": {"id": "1", "from": USER}}),
    Oddity("a question before paying", {"pre_checkout_query": {"id": "1", "from": USER}}),
    Oddity("paid media that were bought", {"purchased_paid_media": {"from": USER, "paid_media_payload": "x"}}),
    Oddity("the state of a poll", {"poll": {"id": "1", "question": "?", "options": [], "is_closed": True}}),
    Oddity("a vote", {"poll_answer": {"poll_id": "1", "user": USER, "option_ids": [0]}}),
    Oddity("a change among a group's members", {"chat_member": {"chat": GROUP, "from": USER}}),
    Oddity("a request to join", {"chat_join_request": {"chat": SUPERGROUP, "from": USER}}),
    Oddity("a boost", {"chat_boost": {"chat": CHANNEL, "boost": {}}}),
    Oddity("a boost that ended", {"removed_chat_boost": {"chat": CHANNEL, "boost_id": "1"}}),
    Oddity("an update that nobody knows yet", {"hologram": {"from": USER, "text": "12"}}),
    Oddity("an update with nothing in it", {}),
    Oddity("a message that is no message", {"message": []}, problem="Expected `object"),
    Oddity("a message with a text that is none", message(text=12), problem="Expected `str`"),
    Oddity("a number that no database keeps", message(text="12", chat={"id": 2**64, "type": "private"}), problem="id"),
)
MEMBERSHIPS = tuple(
    Oddity(
        f"{name} in {place}",
        {
            "my_chat_member": {
                "chat": chat,
                "from": USER,
                "date": 1,
                "old_chat_member": {},
                "new_chat_member": {"status": status, "user": ANONYMOUS},
            }
        },
        is_for_group=chat is GROUP and status in ("member", "administrator"),
    )
    for place, chat in (("a private chat", PRIVATE), ("a group", GROUP), ("a channel", CHANNEL))
    for name, status in (
        ("being blocked", "kicked"),
        ("being let in", "member"),
        ("being made administrator", "administrator"),
        ("a status that nobody knows yet", "haunting"),
    )
)

ODDITIES: tuple[Oddity, ...] = (
    *TEXTS,
    *UNSUPPORTED,
    *OTHERS,
    *EDITS,
    *TAPS,
    *ELSEWHERE,
    *SERVICE,
    *OTHER_UPDATES,
    *MEMBERSHIPS,
)
