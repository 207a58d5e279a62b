"""The tables' history: each version is one file in ``versions``."""
