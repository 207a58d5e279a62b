"""What fuzzing has found, and the inputs that reach every corner, handed in again on every system."""

from __future__ import annotations

import pytest

from tests.fuzzing.corpus import kept
from tests.fuzzing.targets import NAMES, target


@pytest.mark.parametrize("name", NAMES)
def test_no_input_that_was_kept_breaks_a_law(name: str) -> None:
    found, inputs = target(name), kept(name)
    assert inputs

    for each in inputs:
        try:
            found.check(each.content)
        except Exception as error:
            error.add_note(f"the input: {each.content!r}; what went wrong once: {each.was or 'nothing'}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_what_fuzzing_begins_with_breaks_no_law(name: str) -> None:
    found = target(name)

    for content in found.seeds():
        found.check(content)
