"""Writing what a batch of steps has decided: few statements, each for all of them."""

from storage.flushing.flush import flush

__all__ = ["flush"]
