"""Backups: the database as it was at one moment, with the evidence that it names; and the way back."""

from storage.backups.folder import Backup, BackupFolder
from storage.backups.making import Made, back_up
from storage.backups.restoring import Restored, restore

__all__ = ["Backup", "BackupFolder", "Made", "Restored", "back_up", "restore"]
