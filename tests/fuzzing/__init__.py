"""Input that nobody foresaw: bytes become what could come in, and the laws of whatever reads it are checked."""
