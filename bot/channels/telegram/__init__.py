"""Telegram: updates in by long polling, messages out, files fetched."""
