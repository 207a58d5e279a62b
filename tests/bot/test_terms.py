"""What the store is told about the channels that are switched on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from bot.channels.port import Channel
from bot.channels.simulator.channel import SimulatorChannel
from bot.composition import terms_of
from bot.settings import Settings
from storage.channel_terms import ChannelTerms
from tests.bot.clocks import JumpingClock
from tests.bot.files import nothing_kept
from tests.bot.test_delivery import RATES, FakeChannel
from tests.bot.whatsapp.channels import configured


def test_a_channel_is_known_by_how_fast_it_goes_and_whether_it_can_edit(tmp_path: Path) -> None:
    clock = JumpingClock()
    channels: list[Channel] = [FakeChannel(clock), SimulatorChannel(tmp_path, clock, nothing_kept)]

    terms = terms_of(Settings(_env_file=None), channels)

    assert terms == {
        "telegram": ChannelTerms(unhurried_a_second=RATES.bulk_messages),
        "simulator": ChannelTerms(can_edit=True),
    }


def test_a_broadcast_on_whatsapp_has_the_price_of_its_template(tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text(
        'source = "x"\nas_of = 2026-01-01\nis_checked = true\nrupiah_per_dollar = "16000"\nfree_service_messages = 0\n'
        '[dollars.ID]\nmarketing = "0.05"\nutility = "0.02"\n'
    )
    channel = FakeChannel(JumpingClock())
    channel.name = "whatsapp"

    terms = terms_of(Settings(_env_file=None, whatsapp_rates=rates, whatsapp_numbers=(configured(),)), [channel])

    assert (terms["whatsapp"].template_rupiah, terms["whatsapp"].notice_rupiah) == (Fraction(800), Fraction(320))
