"""One target under atheris, in a process of its own: ``python -m tests.fuzzing.worker NAME [options of libFuzzer]``."""

from __future__ import annotations

import logging
import sys

import atheris
import structlog

OURS = ["bot", "conversations", "indicators", "storage", "pyxform"]
"""With pyxform, which reads what a secretariat hands in: its branches are what leads to odd forms."""


def main() -> None:
    """Instrument the code, and fuzz until libFuzzer has enough."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=OURS):
        from tests.fuzzing.targets import target

        found = target(name)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    list(found.seeds())  # what is made once and kept is made before the first input
    myself = f"{sys.executable} -m tests.fuzzing.worker {name}"  # libFuzzer starts it again to merge inputs
    atheris.Setup([myself, *sys.argv[1:]], found.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
