"""Tests of the running program, with the world around it replaced by small fakes."""
