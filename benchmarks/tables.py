"""How the parts tell what they found: a line while they work, and a table at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

Cell = str | int | float


def tell(words: str) -> None:
    """Say how far a part has come."""
    print(words, file=sys.stderr, flush=True)


def show(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, notes: Sequence[str] = ()) -> None:
    """Print a table: the first column to the left, figures to the right; numbers with three or more digits in front."""
    lines = [list(heads), *[[_written(cell) for cell in row] for row in rows]]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    print(f"\n{title}")
    for line in lines:
        first, *others = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join([first.strip().ljust(widths[0]), *others]).rstrip())
    for note in notes:
        print(f"  {note}")
    sys.stdout.flush()


def _written(cell: Cell) -> str:
    match cell:
        case str():
            return cell
        case int():
            return f"{cell:,}"
        case _:
            return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
