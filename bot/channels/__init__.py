"""The programmes that people chat with, each behind the same port."""
