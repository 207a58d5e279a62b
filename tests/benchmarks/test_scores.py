"""The official of the benchmark is told what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks import scores
from storage.tables import outbox

TOLD = {"skor": "Kabupaten Pulang Pisau", "skor {}": "Kecamatan Kahayan Tengah", scores.WHY: "dari 99 sudah menjawab"}


async def test_every_question_is_answered_from_what_everybody_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "TURNS", 1)
    async with scores.official_in(tmp_path, scores.SIZES[0]) as official:
        for question in scores.QUESTIONS:
            await official.ask(question)

        villages = await official.check()

        async with official.store._database.reading("Reading the replies") as connection:
            replies = (await connection.scalars(select(outbox.c.body).order_by(outbox.c.id))).all()[-len(TOLD) :]
    assert villages == 99
    assert [words in reply for words, reply in zip(TOLD.values(), replies, strict=True)] == [True] * len(TOLD), replies
