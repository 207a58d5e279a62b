"""Whole chats as data: a transcript says who is who, what they do, what they are told and what is kept.

A file is read line by line; ``#`` begins a comment. The table ``LINES`` at the end lists every kind of line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from html import unescape
from pathlib import Path

import msgspec

from conversations.brief import Library
from conversations.events import IncomingFile
from conversations.hours import zone_of
from conversations.messages import Message
from conversations.people import Assignment, Region, Role, Standing
from conversations.session import Session
from conversations.views.digests import digest_message
from indicators.form import RowNumber
from indicators.loading import load_form
from indicators.scores import from_billionths
from tests.conversations.places import REGIONS, library
from tests.conversations.world import World

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MARKUP = re.compile(r"</?(?:b|i|code|pre)>")


def plain_text(message: Message) -> str:
    """Give what a person reads, with a stroke for the end of a line."""
    return re.sub(r"\n+", " / ", unescape(MARKUP.sub("", message.text)))


@dataclass
class Player:
    """Plays a transcript in a world of its own."""

    world: World = field(default_factory=World)
    who: str = ""
    """Who did something last: what the bot says and what is kept is about them."""
    heard_before: dict[str, int] = field(default_factory=dict)
    """How many messages everybody had heard before the last thing that was done."""

    def play(self, transcript: str) -> None:
        """Play line by line; a line that does not hold says which one it was."""
        for number, line in enumerate(transcript.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    self._play_line(line.strip())
                except AssertionError as error:
                    raise AssertionError(f"line {number}: {line.strip()}\n{error}") from error

    def _play_line(self, line: str) -> None:
        for pattern, action in LINES:
            if found := pattern.fullmatch(line):
                if action not in EXPECTATIONS:
                    self.heard_before = {name: len(each.heard) for name, each in self.world.people.items()}
                action(self, **found.groupdict())
                return
        raise AssertionError("no such kind of line")

    # who is who

    def appoint(self, who: str, role: str, region: str, office: str | None) -> None:
        """Somebody holds a post; ``operator`` is a helper in a village."""
        standing = Standing.OPERATOR if role == "operator" else Standing.DEFINITIVE
        held = Role.VILLAGE_HEAD if role == "operator" else Role(role)
        self.world.appoint(who, held, region_named(region), standing=standing, office=office or "")

    def invite(self, code: str, role: str, region: str, name: str | None) -> None:
        """There is an invitation, made out to a name or to nobody."""
        self.world.invite(Role(role), region_named(region), code=code, name=name or "")

    def give_form(self, form: str, region: str) -> None:
        """A small form takes the place of everything else that a region has to answer."""
        loaded = load_form(SCENARIOS / "forms" / f"{form}.md")
        known = library()
        self.world.library = Library(known.instrument, {**known.forms, str(loaded.key): loaded})
        place = region_named(region)
        kept = {number: each for number, each in self.world.assignments.items() if each.region != place}
        self.world.assignments = kept
        self.world.assign(99, str(loaded.key), place)

    def remind(self, who: str, by: str | None) -> None:
        """Somebody is reminded of what they still have to do."""
        self.who = who
        self.world.reminds(who, by or "")

    def expect_reminder(self, who: str, moment: str) -> None:
        """Somebody has asked to be reminded at this moment, by the clock of western Indonesia."""
        until = self.world.enter(who).mind.reminded_at
        assert until, f"{who} did not ask for it"
        assert f"{until.astimezone(zone_of('')):%Y-%m-%d %H:%M}" == moment, until

    def approve(self, row: str) -> None:
        """The coordinator has approved a row everywhere."""
        self.world.approved |= {(number, row) for number in self.world.assignments}

    def return_row(self, row: str, region: str, reason: str) -> None:
        """The coordinator has given a row back."""
        place = region_named(region)
        for number, each in self.world.assignments.items():
            if each.region == place:
                self.world.return_row(number, row, reason)

    def tell_digest(self, who: str) -> None:
        """Somebody is told unasked how far the units of their region are."""
        reader = self.world.enter(who)
        units = self.world.units(reader.posts[0].region)
        assert units
        self.world.hear(reader, digest_message(reader.person, units, self.world.at), None)

    def expect_nudge(self, region: str, is_not: str | None) -> None:
        """A region's people are to be reminded today in somebody's name, or not."""
        assert ((region_named(region).id, self.world.at.date()) in self.world.nudged) is not bool(is_not)

    def lift_deadline(self) -> None:
        """Nothing has a last day."""
        self.world.calendar = msgspec.structs.replace(self.world.calendar, times=())

    def move_in(self, who: str, channel: str, phone: str | None) -> None:
        """Somebody writes from this channel, which may vouch for a phone number."""
        self.world.moves_in(who, channel.lower(), phone or "")

    def close(self, who: str) -> None:
        """Somebody has blocked us in a chat."""
        self.world.enter(who).is_blocked = True

    def dismiss(self, who: str) -> None:
        """Somebody loses all posts."""
        self.world.enter(who).posts.clear()

    def wait(self, amount: str, unit: str) -> None:
        """Time passes."""
        self.world.waits(**{unit if unit.endswith("s") else f"{unit}s": float(amount)})

    # what people do

    def say(self, who: str, text: str) -> None:
        """Somebody types."""
        self.who = who
        self.world.says(who, text)

    def reply(self, who: str, about: str, text: str) -> None:
        """Somebody types as a reply to an older message."""
        self.who = who
        self.world.says(who, text, reply_to=self._message_about(about))

    def delete(self, who: str, old: str) -> None:
        """Somebody takes an older message of theirs back, which some channels tell."""
        self.edit(who, old, "")

    def edit(self, who: str, old: str, text: str) -> None:
        """Somebody edits an older message of theirs."""
        self.who = who
        self.world.edits(who, self.world.enter(who).typed[old], text)

    def tap(self, who: str, about: str | None, label: str) -> None:
        """Somebody taps a button: of the last message, or of the last one that says something."""
        self.who = who
        back = 1
        if about:
            heard = self.world.enter(who).heard
            back = 1 + next(place for place, each in enumerate(reversed(heard)) if about in plain_text(each))
        self.world.taps(who, label, back=back)

    def tap_raw(self, who: str, data: str) -> None:
        """Somebody taps a button that carries this; perhaps one that was never shown to them."""
        self.who = who
        self.world.taps_raw(who, data)

    def send(self, who: str, about: str | None, kind: str, name: str, further: str) -> None:
        """Somebody sends a photo or document, perhaps with a caption, in an album, or very large."""
        self.who = who
        size = re.search(r", (\d+) MB", further)
        size_bytes = int(size[1]) * 1024 * 1024 if size else 1000
        label = "" if kind == "photo" else f"{name}.pdf"
        file = IncomingFile(name, "photo" if kind == "photo" else "document", name=label, size_bytes=size_bytes)
        caption, album = (re.search(rf", {word} ([^,]+)", further) for word in ("caption", "album"))
        reply_to = self._message_about(about) if about else ""
        self.world.sends(
            who, file, caption=caption[1] if caption else "", album=album[1] if album else "", reply_to=reply_to
        )

    def type_code(self, who: str, text: str, other: str) -> None:
        """Somebody types words with the code that another chat was told last."""
        heard = plain_text(self.world.enter(other).heard[-1])
        found = re.search(r"sambung (\S+)", heard)
        assert found, f"heard:\n{heard}"
        self.say(who, text.replace("CODE", found[1]))

    def send_contact(self, who: str, phone: str, of_other: str | None) -> None:
        """Somebody sends a contact card, their own unless it says otherwise."""
        self.who = who
        self.world.sends_contact(who, phone, is_own=not of_other)

    def send_else(self, who: str, what: str, album: str | None) -> None:
        """Somebody sends a sticker, a voice note, a video, perhaps in an album, or a contact card."""
        self.who = who
        if what == "contact":
            self.world.sends_contact(who)
        else:
            self.world.sends_else(who, what, album or "")

    def point(self, who: str, latitude: str, longitude: str) -> None:
        """Somebody sends a place on the map."""
        self.who = who
        self.world.points_at(who, float(latitude), float(longitude))

    def _message_about(self, words: str) -> str:
        inhabitant = self.world.enter(self.who)
        pairs = zip(reversed(inhabitant.told_at), reversed(inhabitant.heard), strict=True)
        return next(identifier for identifier, message in pairs if words in plain_text(message))

    # what they are told

    def expect(self, who: str | None, text: str) -> None:
        """The last message says this."""
        last = self.world.enter(who or self.who).heard[-1]
        assert text in plain_text(last), f"heard:\n{plain_text(last)}"

    def expect_not(self, text: str) -> None:
        """The last message does not say this, and has no such button."""
        last = self.world.enter(self.who).heard[-1]
        assert text not in plain_text(last), f"heard:\n{plain_text(last)}"
        assert not [each for each in labels_of(last) if each.startswith(text)], labels_of(last)

    def expect_button(self, who: str | None, label: str) -> None:
        """The last message has a button that begins like this."""
        labels = labels_of(self.world.enter(who or self.who).heard[-1])
        assert [each for each in labels if each.startswith(label)], labels

    # what is kept

    def expect_answer(self, key: str, value: str) -> None:
        """An answer is kept; ``-`` for none."""
        assignment = self._assignment()
        question = self.world.library.forms[assignment.form].question_by_name[key.partition("~")[0]]
        answer = self.world.sheet(assignment.id, question.row).answers.get(key)
        assert (answer.value if answer else "-") == value, answer

    def expect_files(self, row: str, count: str) -> None:
        """A row has this many files."""
        assert len(self.world.sheet(self._assignment().id, row).evidence) == int(count)

    def expect_points(self, row: str, points: str) -> None:
        """A row earns this; ``-`` while that is not known."""
        assignment = self._assignment()
        share = self.world.shares.get((assignment.id, row))
        worth = self.world.library.forms[assignment.form].row_by_number[RowNumber(row)].points
        earned = "-" if share is None else from_billionths(share) * worth
        assert earned == (points if points == "-" else Fraction(points)), earned

    def expect_mark(self, row: str, mark: str) -> None:
        """A row has this mark in the progress."""
        assignment = self._assignment()
        place = self.world.library.forms[assignment.form].row_by_number[RowNumber(row)].ordinal - 1
        assert assignment.progress[place] == mark, assignment.progress

    def expect_sent(self, is_not: str | None) -> None:
        """The answers have been handed over, or not."""
        assert (self._assignment().sent_at is None) is bool(is_not)

    def expect_silence(self, who: str) -> None:
        """Somebody was told nothing since they last did something: the last message is the same as before."""
        inhabitant = self.world.enter(who)
        assert len(inhabitant.heard) == self.heard_before.get(who, 0), plain_text(inhabitant.heard[-1])

    def _assignment(self) -> Assignment:
        inhabitant = self.world.enter(self.who)
        last = msgspec.json.decode(inhabitant.session, type=Session).last_assignment
        return self.world.assignments[last] if last else self.world.assignments_of(inhabitant)[0]


def labels_of(message: Message) -> list[str]:
    """Give the labels of a message's buttons."""
    return [button.label for line in message.buttons for button in line]


def region_named(name: str) -> Region:
    """Find a region of the corner by its name."""
    return next(each for each in REGIONS if each.name == name)


NAME = r"(?P<who>[a-z]+)"
FILE = r"(?P<kind>photo|document) (?P<name>[^,]+)(?P<further>.*)"
LINES: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = tuple(
    (re.compile(pattern), action)
    for pattern, action in (
        (rf"given {NAME} is (?P<role>[a-z_]+) of (?P<region>.+?)(?: for (?P<office>[a-z_0-9]+))?", Player.appoint),
        (
            r"given invitation (?P<code>\S+): (?P<role>[a-z_]+) of (?P<region>.+?)(?: named (?P<name>.+))?",
            Player.invite,
        ),
        (r"given form (?P<form>[a-z]+) for (?P<region>.+)", Player.give_form),
        (r"given row (?P<row>\S+) is approved", Player.approve),
        (r"given row (?P<row>\S+) of (?P<region>.+?) came back: (?P<reason>.+)", Player.return_row),
        (rf"given {NAME} gets the digest", Player.tell_digest),
        (r"= (?P<region>.+) is (?P<is_not>not )?to be reminded", Player.expect_nudge),
        (r"given nothing has a last day", Player.lift_deadline),
        (rf"given {NAME} has left", Player.dismiss),
        (rf"given {NAME} has blocked us", Player.close),
        (rf"given {NAME} writes on (?P<channel>Telegram|WhatsApp)(?: from (?P<phone>\d+))?", Player.move_in),
        (r"after (?P<amount>\d+) (?P<unit>minutes|hours|hour|days|day)", Player.wait),
        (r"= (?P<row>\S+) has (?P<count>\d+) files?", Player.expect_files),
        (r"= (?P<row>\S+) earns (?P<points>\S+)", Player.expect_points),
        (r"= (?P<row>\S+) is marked (?P<mark>.)", Player.expect_mark),
        (r"= (?P<is_not>not )?sent", Player.expect_sent),
        (r"= (?P<key>\S+) (?P<value>.+)", Player.expect_answer),
        (r">! (?P<text>.+)", Player.expect_not),
        (rf"(?:{NAME} )?> \[(?P<label>[^\]]+)\]?", Player.expect_button),
        (rf"(?:{NAME} )?> (?P<text>.+)", Player.expect),
        (rf'{NAME} replies to "(?P<about>[^"]+)": (?P<text>.*)', Player.reply),
        (rf'{NAME} deletes "(?P<old>[^"]+)"', Player.delete),
        (rf'{NAME} edits "(?P<old>[^"]+)": (?P<text>.*)', Player.edit),
        (rf'{NAME} taps(?: in "(?P<about>[^"]+)")?: (?P<label>.+)', Player.tap),
        (rf"{NAME} taps what carries (?P<data>.*)", Player.tap_raw),
        (rf'{NAME} types "(?P<text>[^"]+)" with the code of (?P<other>[a-z]+)', Player.type_code),
        (rf"{NAME} sends: contact (?P<phone>\+?[\d ]+)(?P<of_other>, somebody else's)?", Player.send_contact),
        (rf"{NAME} is told nothing", Player.expect_silence),
        (rf"{NAME} is reminded(?: by (?P<by>[a-z]+))?", Player.remind),
        (rf"{NAME} is to be reminded (?P<moment>.+)", Player.expect_reminder),
        (rf"{NAME} sends: (?P<what>sticker|voice|video|contact)(?:, album (?P<album>\S+))?", Player.send_else),
        (
            rf'{NAME} sends(?: in reply to "(?P<about>[^"]+)")?: {FILE}',
            Player.send,
        ),
        (rf"{NAME} points at: (?P<latitude>\S+) (?P<longitude>\S+)", Player.point),
        (rf"{NAME}: (?P<text>.*)", Player.say),
    )
)
"""Every kind of line, tried in this order."""
EXPECTATIONS = frozenset({Player.expect, Player.expect_not, Player.expect_button, Player.expect_silence})
"""Lines that only look."""
