"""Village heads who answer a whole form: they take the first choice, type a number or a few words, and send photos."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from benchmarks.world import now
from bot.pipeline import Pipeline
from conversations.actions import FetchFile
from conversations.events import ChoiceTapped, Event, FileReceived, FileStored, IncomingFile, StoredFile, TextReceived
from conversations.messages import Message
from conversations.taps import Tap, Verb, read_tap
from indicators.form import Form, QuestionKind
from storage.outbox import OutboxRow, Room, Sender, Sent
from storage.store import Store
from storage.turns import AddressKey, Envelope

WORDS = "Nomor 5 Tahun 2024"
CHILDREN = {
    "anak_l": "620",
    "anak_p": "580",
    "usia_0_4": "300",
    "usia_5_11": "500",
    "usia_12_17": "400",
    "anak": "1200",
}
"""Numbers that have to fit to each other."""
NUMBERS = ("12", "2024", "0")
"""For other questions; tried one after the other until one is accepted."""
ONWARD = (Verb.YES, Verb.SEND, Verb.ENOUGH, Verb.CONTINUE, Verb.SKIP, Verb.OPEN)
"""What to tap when there is nothing to say, best first."""
PHOTO = IncomingFile("AgACAgUAAxkBAAI" + "x" * 70, "photo", size_bytes=150_000)
MOST_STEPS = 300
"""Of one head: whoever takes more has lost the way."""
MOST_AT_ONCE = Room(500, 500)
SENDER = Sender("telegram:1", 1)
LEASE = timedelta(minutes=1)


async def answer_everything(store: Store, pipeline: Pipeline, asked: Sequence[OutboxRow], form: Form) -> int:
    """Let everybody who has been asked the first question answer to the end and send the form; count their turns."""
    heads = {row.address: VillageHead(row.address, form) for row in asked}
    turns = 0
    while asked:
        said = [said for row in asked if (said := heads[row.address].answer(row.message))]
        await pipeline.submit(said)
        turns += len(said) + await _fetch_files(store, pipeline)
        asked = await hear(store)
    if not all(each.has_sent for each in heads.values()):
        raise SystemExit("everybody was expected to send the form at the end; somebody got stuck before")
    return turns


async def hear(store: Store) -> list[OutboxRow]:
    """Take what waits for everybody; give the last message of each."""
    heard: dict[AddressKey, OutboxRow] = {}
    while rows := await store.outbox.claim(now(), sender=SENDER, room=MOST_AT_ONCE):
        await store.outbox.record([Sent(each.id, str(each.id)) for each in rows], now(), sender=SENDER)
        heard |= {each.address: each for each in rows}
    return list(heard.values())


async def _fetch_files(store: Store, pipeline: Pipeline) -> int:
    """Report each photo as kept; each is a file of its own."""
    results = []
    while jobs := await store.jobs.claim(now(), limit=MOST_AT_ONCE.total, lease=LEASE):
        for job in jobs:
            assert isinstance(job.action, FetchFile)
            file = StoredFile(hashlib.sha256(str(job.id).encode()).hexdigest(), "", "photo", PHOTO.size_bytes)
            stored = FileStored(at=now(), file=file, target=job.action.target)
            results.append(Envelope(f"job:{job.id}", job.address_id, stored))
    await pipeline.submit(results)
    return len(results)


class VillageHead:
    """One of them."""

    def __init__(self, address: AddressKey, form: Form) -> None:
        self._address = address
        self._form = form
        self._steps = 0
        self._before = ""
        """The question that was answered last, and how often it was asked in a row."""
        self._times = 0
        self._offered: Mapping[str, Tap] = {}
        self.has_sent = False

    def answer(self, message: Message) -> Envelope | None:
        """Do what follows from what the bot has said; None: nothing is left to be done."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise SystemExit(
                f"a form with fewer than {MOST_STEPS} steps was expected; it goes on with {message.text!r}"
            )
        if message.buttons:  # otherwise something is wrong with what was said, and the same is asked again
            self._offered = {each.data: tap for row in message.buttons for each in row if (tap := read_tap(each.data))}
        number = str(int(self._address.user) * 1_000 + self._steps)
        event = self._typed(number) or self._tapped()
        return Envelope(f"telegram:{self._address.account}:{number}", self._address, event) if event else None

    def _typed(self, number: str) -> Event | None:
        asked = next((each.text(1) for each in self._offered.values() if each.verb is Verb.SKIP), "")
        self._times = self._times + 1 if asked and asked == self._before else 0
        self._before = asked
        question = self._form.question_by_name.get(asked)
        if question and question.is_evidence and not self._times:
            return FileReceived(at=now(), message=number, file=PHOTO)
        if question and question.kind is QuestionKind.TEXT and not self._times:
            return TextReceived(at=now(), message=number, text=WORDS)
        if question and question.kind is QuestionKind.INTEGER and self._times < len(NUMBERS):
            return TextReceived(at=now(), message=number, text=CHILDREN.get(asked, NUMBERS[self._times]))
        return None

    def _tapped(self) -> Event | None:
        wanted = (*(() if self._times else (Verb.ANSWER, Verb.TOGGLE)), *ONWARD)
        found = ((verb, data) for verb in wanted for data, tap in self._offered.items() if tap.verb is verb)
        verb, data = next(found, (None, ""))
        self.has_sent |= verb is Verb.SEND
        return ChoiceTapped(at=now(), data=data) if verb else None
