"""The files of a row: listing them, and taking one away."""

from __future__ import annotations

from conversations.dialogs.asking import find_question, pause
from conversations.dialogs.offers import continue_button, say_closed
from conversations.forms import Filling, evidence_key
from conversations.messages import Button
from conversations.saving import save, with_evidence
from conversations.session import Asking
from conversations.sheets import Evidence
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, lines
from indicators.form import Row


def list_files(turn: Turn, filling: Filling, row: Row, *, before: Markup | str = "") -> None:
    """List a row's files, each with a button that takes it away; what is sent next belongs to this row."""
    _wait_for_files(turn, filling, row)
    sheet, texts = filling.sheet(row.number), turn.texts
    title = row.title.said(texts.language)
    if not sheet.evidence:
        key = "evidence.none" if evidence_key(row) else "evidence.row_takes_none"
        turn.say(lines(before, texts(key, title=title)), column(continue_button(turn, filling)))
        return
    numbered = list(enumerate(sheet.evidence, 1))
    listed = [texts("evidence.item", number=number, name=_name(turn, item)) for number, item in numbered]
    buttons = [
        Button(
            texts.plain("button.remove", number=number), tap(Verb.REMOVE, filling.assignment.id, row.number, item.id)
        )
        for number, item in numbered
    ]
    text = lines(before, texts("evidence.list", title=title), *listed)
    turn.say(text, column(*buttons, continue_button(turn, filling)))


def _wait_for_files(turn: Turn, filling: Filling, row: Row) -> None:
    if find_question(filling, evidence_key(row)):
        turn.note(last_assignment=filling.assignment.id)
        turn.move(Asking(filling.assignment.id, row.number, evidence_key(row)))
        return
    pause(turn)


def _name(turn: Turn, item: Evidence) -> str:
    name = item.name or turn.texts.plain(f"evidence.{item.kind}")
    return f"{name} ({max(1, item.size_bytes // 1024)} kB)"


def remove(turn: Turn, filling: Filling, row: Row, identifier: str) -> None:
    """Take one file off a row; the file itself is swept away later."""
    if not filling.assignment.is_open(turn.event.at):
        say_closed(turn, filling)
        return
    sheet = filling.sheet(row.number)
    rest = tuple(item for item in sheet.evidence if item.id != identifier)
    if len(rest) < len(sheet.evidence):
        save(turn, filling, with_evidence(sheet, rest), row=row)
    list_files(turn, filling, row, before=turn.texts("evidence.removed"))
