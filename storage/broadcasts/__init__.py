"""Broadcasts in the database: who is meant, what was confirmed and changed, the copies, and what became of them."""
