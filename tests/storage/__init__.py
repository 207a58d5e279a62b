"""Tests of what is kept, against real SQLite files."""
