"""Loading a questionnaire, and a whole year's instrument, from files."""

from __future__ import annotations

from pathlib import Path

from indicators.form import Form
from indicators.instrument import (
    Instrument,
    build_instrument,
    content_beside,
    maxima_in,
    read_calendar,
    read_instrument,
)
from indicators.keeping import digest, keep_form, kept_form
from indicators.problems import FormError
from indicators.workbooks import read_bytes


def load_form(path: Path, cache: Path | None = None) -> Form:
    """Load an XLSForm (``.md``, ``.xlsx`` or ``.csv``), checked through and through.

    The points of an indicator count up to its maximum in the ``instrument.toml`` beside the form, if there is one.

    ``cache`` is a folder in which the program may keep the form; it is much faster from the second time on.

    Raises:
        FormError: it cannot be used; carries all the problems that were found.
    """
    if cache is None:
        return _read_form(path)
    kept = cache / f"{digest(path.name.encode(), read_bytes(path), content_beside(path))}.form"
    form = kept_form(kept)
    if form is None:
        form = _read_form(path)
        keep_form(kept, form)
    return form


def _read_form(path: Path) -> Form:
    """Read and check; what does it is imported here, because a form that was kept does without."""
    from indicators.building import build_form
    from indicators.checks import check
    from indicators.source import read_source

    form, sheets = build_form(read_source(path))
    check(form, sheets, maxima_in(path.parent))
    if sheets.problems:
        raise FormError(path.name, sheets.problems)
    return form


def load_instrument(folder: Path, cache: Path | None = None) -> Instrument:
    """Load a year's folder: ``instrument.toml``, the forms that this names, and ``calendar.toml`` if there is one.

    Raises:
        FormError: the instrument or one of its forms cannot be used.
    """
    written = read_instrument(folder)
    forms = [load_form(folder / name, cache) for name in written.get("forms", ())]
    return build_instrument(written, forms, read_calendar(folder))
