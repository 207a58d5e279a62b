"""Stores of files for channels that send some, or none."""

from __future__ import annotations

from pathlib import Path

from storage.errors import StorageError


def nothing_kept(sha256: str) -> Path:
    """Find no file."""
    raise StorageError(f"no file {sha256[:12]} is kept here")
