"""A corner of Banyuasin, the time at which tests begin, and the instrument that they use."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from conversations.brief import Library
from conversations.calendar import Calendar, Times
from conversations.people import Region, Role
from indicators.instrument import Instrument
from indicators.loading import load_instrument

KLA_2024 = Path(__file__).parents[2] / "indicators" / "kla_2024"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 31, 17, tzinfo=UTC)  # midnight after the last day
CALENDAR = Calendar(1, 2026, 2, (Times("evaluasi_mandiri", "", None, DUE, DUE),))
UNIT_OF_ROLE = {
    Role.VILLAGE_HEAD: ("desa",),
    Role.SUBDISTRICT_HEAD: ("kecamatan",),
    Role.OFFICE: ("kabupaten",),
    Role.COORDINATOR: ("kabupaten",),
    Role.OFFICIAL: (),
}
FORM_OF_KIND = {"village": "dekela", "subdistrict": "kelana", "district": "kabupaten"}

SUMSEL = Region(1, "16", "Sumatera Selatan", "province")
BANYUASIN = Region(2, "16.07", "Kabupaten Banyuasin", "district", "", "Kabupaten Banyuasin", 2)
BANYUASIN_I = Region(3, "16.07.01", "Banyuasin I", "subdistrict", "", "Kabupaten Banyuasin", 2)
SUNGAI_REBO = Region(4, "16.07.01.2001", "Sungai Rebo", "village", "Banyuasin I", "Kabupaten Banyuasin", 2)
MARIANA = Region(5, "16.07.01.1016", "Mariana", "village", "Banyuasin I", "Kabupaten Banyuasin", 2)
KAUR = Region(6, "17.04", "Kabupaten Kaur", "district", "", "Kabupaten Kaur", 6)
REGIONS = (SUMSEL, BANYUASIN, BANYUASIN_I, SUNGAI_REBO, MARIANA, KAUR)
CODE_OF_REGION = {region.code: region for region in REGIONS}


@cache
def instrument() -> Instrument:
    """Give the real instrument of 2024."""
    return load_instrument(KLA_2024)


@cache
def library() -> Library:
    """Give the instrument with its forms."""
    return Library(instrument(), {str(key): form for key, form in instrument().forms.items()})
