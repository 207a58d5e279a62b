"""Rehearsals: short ones, and what they would say if something were wrong."""
