"""Files that survive a power cut: their bytes are on the disk before their name is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Put the bytes of a file, or the names in a folder, on the disk, where the system lets us."""
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only we can read; whoever looks sees all of it or nothing, whatever happens meanwhile."""
    part = path.with_name(f"{path.name}.part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    sync(part)
    part.replace(path)
    sync(path.parent)
