"""Messages on their way out: how fast, what to do when it fails, and the worker that does it."""
