"""A short cycle, with everything that may go wrong in it."""

from __future__ import annotations

from bot.rehearsal.checking import check
from bot.rehearsal.play import Played
from bot.rehearsal.table import day_by_day, totals
from storage.outbox_states import Priority


def test_nothing_is_lost_doubled_or_sent_at_a_wrong_hour_whatever_goes_wrong(played: Played) -> None:
    assert check(played) == []


def test_programs_are_killed_updates_come_twice_and_sends_fail(played: Played) -> None:
    happened = played.mishaps.happened

    assert happened["programs killed"] >= 2
    assert happened["updates that came twice"] > 0
    assert sum(
        happened[each] for each in ("sends while a channel was away", "sends without an answer", "silences asked for")
    )


def test_people_of_all_habits_take_part(played: Played) -> None:
    answers = sum(len(each) for player in played.players.values() for each in player.memory.acknowledged.values())
    channels = {player.part.address.channel for player in played.players.values() if player.arrivals}

    assert answers > 50
    assert channels == {"telegram", "whatsapp"}
    assert any(player.sent_at for player in played.players.values())
    assert any(player.arrivals and not player.sent_at for player in played.players.values())


def test_they_are_reminded_told_and_summed_up_while_it_lasts(played: Played) -> None:
    kinds = {type(each.arrival.row.purpose).__name__ for each in played.sent if each.arrival.row.purpose}

    assert kinds >= {"Reminder", "BroadcastCopy", "Summary", "Digest"}


def test_the_table_names_every_day_and_counts_what_went_out(played: Played) -> None:
    lines = list(day_by_day(played))
    replies = sum(each.arrival.row.priority is Priority.REPLY for each in played.sent)

    assert sum(not line.startswith(" ") for line in lines) == played.script.days
    assert f"{replies:,} replies" in next(totals(played))
