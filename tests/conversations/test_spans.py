"""Moments as a coordinator types them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conversations.spans import Span, read_span

NOW = datetime(2026, 3, 2, 2, 0, 30, tzinfo=UTC)  # 09.00 WIB
THIS_MINUTE = NOW.replace(second=0)


def there(written: str) -> datetime:
    return datetime.fromisoformat(f"{written if 'T' in written else written + 'T00:00'}+07:00")


@pytest.mark.parametrize(
    ("written", "opens_at", "due_at"),
    [
        ("sampai 7 April 2026", "", "2026-04-08"),
        ("7 april", "", "2026-04-08"),
        ("Sampai dengan Selasa, 7 April 2026.", "", "2026-04-08"),
        ("1 s.d. 7 April 2026", "2026-04-01", "2026-04-08"),
        ("1 April s/d 7 April 2026 pukul 15.00", "2026-04-01", "2026-04-07T15:00"),
        ("1-4-2026 - 7-4-2026", "2026-04-01", "2026-04-08"),
        ("dari 30 Maret sampai 7 April", "2026-03-30", "2026-04-08"),
        ("mulai 1 april", "2026-04-01", ""),
        ("mulai 1 april jam 8", "2026-04-01T08:00", ""),
        ("besok jam 12", "", "2026-03-03T12:00"),
        ("hari ini pukul 24.00", "", "2026-03-03"),
        ("until 7 April at 15:30 WIB", "", "2026-04-07T15:30"),
        ("48 jam", "2026-03-02T09:00", "2026-03-04T09:00"),
        ("2 x 24 jam", "2026-03-02T09:00", "2026-03-04T09:00"),
        ("dua kali 24 jam", None, None),
        ("selama 3 hari", "2026-03-02T09:00", "2026-03-05T09:00"),
        ("24 hours", "2026-03-02T09:00", "2026-03-03T09:00"),
        ("999 jam", None, None),
        ("0 jam", None, None),
        ("halo", None, None),
        ("7 April pukul 25.00", None, None),
        ("7 April pukul 9.75", None, None),
        ("1 s.d. 2 s.d. 3 April", None, None),
        ("entah sampai 7 April", None, None),
        ("mulai entah", None, None),
        ("1 sampai besok", None, None),
        ("", None, None),
    ],
)
def test_a_moment_is_read_in_the_time_of_the_place(written: str, opens_at: str | None, due_at: str | None) -> None:
    read = read_span(written, NOW, "16.07")

    if opens_at is None or due_at is None:
        assert read is None
    else:
        assert read == Span(there(opens_at) if opens_at else None, there(due_at) if due_at else None)
