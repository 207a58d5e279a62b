"""Messages drawn within a channel's limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.rendering import whatsapp
from bot.channels.rendering.buttons import fit_buttons
from bot.channels.rendering.markup import plain, read_markup, units, write_html
from bot.channels.rendering.splitting import split
from bot.channels.rendering.telegram import draw
from bot.channels.telegram.channel import LIMITS
from bot.channels.whatsapp.limits import LIMITS as WHATSAPP
from conversations.events import StoredFile
from conversations.messages import Button, Message, escaped

PICTURE = StoredFile("ab" * 32, "undangan.jpg", "photo", 3)
PIECES = st.sampled_from(["<b>", "</b>", "<i>", "</i>", "<code>", "</pre>", "<u>", "&amp;", "&", "<", "é🌳", "a b\n"])


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("<b>Akta</b> &amp; <i>foto</i>", "<b>Akta</b> &amp; <i>foto</i>"),
        ("<b>tidak ditutup", "<b>tidak ditutup</b>"),
        ("ditutup saja</b>", "ditutup saja&lt;/b&gt;"),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c&lt;/i&gt;"),
        ("<b><b>dua</b>", "<b>dua</b>"),
        ("<u>asing</u> 3 < 4 & 5", "&lt;u&gt;asing&lt;/u&gt; 3 &lt; 4 &amp; 5"),
        ("<b>a<code>b<i>c</i></code></b>", "<b>a</b><code>bc</code>"),
    ],
)
def test_markup_is_read_tolerantly_and_written_strictly(written: str, html: str) -> None:
    assert write_html(read_markup(written)) == html


@given(st.lists(PIECES).map("".join))
def test_written_markup_reads_back_as_the_same_text(written: str) -> None:
    runs = read_markup(written)

    again = read_markup(write_html(runs))

    assert plain(again) == plain(runs)


@given(st.text())
def test_somebodys_own_words_arrive_as_they_were_typed(words: str) -> None:
    assert plain(read_markup(escaped(words))) == words


def test_an_emoji_counts_two_units() -> None:
    assert (units("ab"), units("🌳")) == (2, 2)


def test_a_long_text_is_cut_between_paragraphs() -> None:
    parts = split(read_markup("satu dua\n\ntiga empat"), 12)

    assert [plain(part) for part in parts] == ["satu dua", "tiga empat"]


def test_bold_goes_on_in_the_next_part() -> None:
    parts = split(read_markup("<b>satu dua tiga</b>"), 9)

    assert [write_html(part) for part in parts] == ["<b>satu dua</b>", "<b>tiga</b>"]


@given(st.text(alphabet=st.sampled_from("ab \n.🌳é"), max_size=300), st.integers(2, 40))
def test_parts_keep_their_bound_and_lose_nothing_but_blanks(text: str, most_units: int) -> None:
    parts = split(read_markup(escaped(text)), most_units)

    assert all(units(plain(part)) <= most_units for part in parts)
    assert "".join("".join(plain(part) for part in parts).split()) == "".join(text.split())


def test_a_message_that_fits_stays_as_it_is() -> None:
    message = Message("Benar?", ((Button("Benar", "y"), Button("Bukan saya", "n")),))

    assert fit_buttons(message, LIMITS) == message


def test_nine_buttons_in_a_row_become_two_rows() -> None:
    message = Message("Pilih", (tuple(Button(str(n), str(n)) for n in range(9)),))

    assert [len(row) for row in fit_buttons(message, LIMITS).buttons] == [8, 1]


@pytest.mark.parametrize(
    "buttons",
    [
        (Button("x" * 65, "y"), Button("b", "n")),
        (Button("a", "é" * 33), Button("b", "n")),
        (Button(" ", "y"), Button("b", "n")),
        tuple(Button(f"{n}", "y") for n in range(101)),
    ],
)
def test_buttons_that_do_not_fit_become_a_numbered_list(buttons: tuple[Button, ...]) -> None:
    fitted = fit_buttons(Message("Pilih", (buttons,)), LIMITS)

    assert fitted.buttons == ()
    assert fitted.text.startswith(f"Pilih\n\n1. {buttons[0].label}\n2. {buttons[1].label}")


def test_labels_in_a_list_cannot_break_the_markup() -> None:
    fitted = fit_buttons(Message("", ((Button("<b>" + "x" * 64, "y"),),)), LIMITS)

    assert draw(fitted, LIMITS).parts == ("1. &lt;b&gt;" + "x" * 64,)


def test_buttons_stand_under_the_last_part() -> None:
    message = Message("kata " * 1000, ((Button("Ya", "y"),),))

    drawn = draw(message, LIMITS)

    assert (len(drawn.parts), drawn.buttons) == (2, message.buttons)


def test_an_empty_message_still_says_something() -> None:
    assert draw(Message(" "), LIMITS).parts == ("…",)


def test_a_short_text_is_the_caption_of_its_file() -> None:
    drawn = draw(Message("<b>Undangan</b>", ((Button("Ya", "y"),),), PICTURE), LIMITS)

    assert (drawn.caption, drawn.parts) == ("<b>Undangan</b>", ())


def test_a_text_too_long_for_a_caption_follows_the_file_whole() -> None:
    words = "🌳" * 512 + "x"

    drawn = draw(Message(words, (), PICTURE), LIMITS)

    assert (drawn.caption, drawn.parts) == ("", (words,))


def test_a_file_stays_when_buttons_become_a_list() -> None:
    fitted = fit_buttons(Message("Pilih", ((Button("x" * 65, "y"),),), PICTURE), LIMITS)

    assert fitted.file == PICTURE


LABELS = st.text(st.sampled_from("ab é🌳.*_1"), max_size=90)


@given(
    st.lists(PIECES).map("".join),
    st.integers(0, 3000),
    st.lists(LABELS, max_size=13),
    st.sampled_from([None, PICTURE]),
    st.booleans(),
)
def test_whatsapp_is_never_given_what_it_would_refuse(
    written: str, more: int, labels: list[str], file: StoredFile | None, has_twins: bool
) -> None:
    buttons = tuple((Button(label, "a" if has_twins else f"a:{place}"),) for place, label in enumerate(labels))

    drawn = whatsapp.draw(Message(written + " kata*" * more, buttons, file), WHATSAPP)

    bodies = [*drawn.parts[:-1], *(() if drawn.choices else drawn.parts[-1:])]
    tappable = [drawn.parts[-1] if drawn.parts else drawn.caption] if drawn.choices else []
    title_units, data_bytes = (24, 200) if drawn.has_list else (20, 256)
    assert all(units(body.strip()) > 0 and units(body) <= 4096 for body in bodies)
    assert all(units(body) <= 1024 for body in [*tappable, drawn.caption])
    assert drawn.parts or file
    assert drawn.parts or not drawn.has_list
    assert len(drawn.choices) <= 10
    assert (
        len({each.title for each in drawn.choices}) == len({each.data for each in drawn.choices}) == len(drawn.choices)
    )
    assert all(each.title.strip() and units(each.title) <= title_units for each in drawn.choices)
    assert all(0 < len(each.data.encode()) <= data_bytes for each in drawn.choices)
    assert all(units(each.description) <= 72 for each in drawn.choices)
