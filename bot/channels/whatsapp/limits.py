"""What WhatsApp can show and carry; apart from the library that talks with it, which takes a while to load."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.port import ChannelLimits, Rates

LIMITS = ChannelLimits(
    text_units=4096,
    caption_units=1024,
    photo_bytes=5 * 1024 * 1024,
    buttons=10,
    buttons_a_row=1,
    label_characters=1024,  # longer titles than a button holds are cut, and stand in the text
    data_bytes=200,
    file_bytes=100 * 1024 * 1024,
    rates=Rates(account_messages=75, bulk_messages=60, chat_burst=40, chat_interval=timedelta(seconds=6)),
)
"""Meta allows 80 messages a second over all, and to one person one in 6 seconds after a burst of 45.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput
"""
