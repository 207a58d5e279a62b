"""What a bubble looks like on the page, and what it means to the bot."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.channels.simulator.bubbles import Attachment, Bubble, Place, Side, event_of, shown
from conversations.events import FileReceived, IncomingFile, LocationReceived, TextReceived

AT = datetime(2026, 3, 12, 8, tzinfo=UTC)


def drawn(text: str, side: Side = "bot") -> list[Any]:
    return cast("list[Any]", shown(Bubble(id="one", side=side, at=AT, text=text))["lines"])


def runs(text: str, side: Side = "bot") -> list[list[tuple[str, tuple[str, ...]]]]:
    return [[(run["text"], run["tags"]) for run in line["runs"]] for line in drawn(text, side)]


def test_the_bots_markup_becomes_runs_with_the_names_of_their_tags() -> None:
    assert runs("<b>Akta</b> · 4 poin\n<i>Perkiraan <b>boleh</b></i>") == [
        [("Akta", ("b",)), (" · 4 poin", ())],
        [("Perkiraan ", ("i",)), ("boleh", ("i", "b"))],
    ]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<b class="x">', "<B>", "<a href='x'>"]
)
def test_what_is_not_on_the_whitelist_is_shown_as_it_was_written(text: str) -> None:
    assert runs(text) == [[(text, ())]]


def test_entities_are_read_once() -> None:
    assert runs("&lt;b&gt; &amp;amp;") == [[("<b> &amp;", ())]]


def test_what_a_person_typed_is_never_markup() -> None:
    assert runs("<b>tebal</b> &lt;", "person") == [[("<b>tebal</b> &lt;", ())]]


def test_an_empty_line_stays_and_an_empty_text_has_no_lines() -> None:
    assert runs("satu\n\ndua") == [[("satu", ())], [], [("dua", ())]]
    assert runs("") == []


@pytest.mark.parametrize(
    ("line", "is_item"), [("1. Forum Anak", True), ("12) PATBM", True), ("- taman", True), ("1.200 anak", False)]
)
def test_a_line_of_a_list_is_told_from_a_number(line: str, is_item: bool) -> None:
    assert [each["is_item"] for each in drawn(line)] == [is_item]


def test_a_bubble_means_the_event_that_a_messenger_would_have_sent() -> None:
    sent = Attachment("0" * 32, "photo", "rekap.jpg", 9, album="a")
    base = Bubble(id="one", side="person", at=AT, text="1.200", reply_to="bot-1")

    assert event_of(base) == TextReceived(at=AT, message="one", text="1.200", reply_to="bot-1")
    assert event_of(Bubble(id="two", side="person", at=AT, place=Place(-2.9, 104.7))) == LocationReceived(
        at=AT, message="two", latitude=-2.9, longitude=104.7
    )
    assert event_of(Bubble(id="six", side="person", at=AT, text="rekap", attachment=sent)) == FileReceived(
        at=AT,
        message="six",
        file=IncomingFile(reference="0" * 32, kind="photo", name="rekap.jpg", size_bytes=9),
        caption="rekap",
        album="a",
    )
