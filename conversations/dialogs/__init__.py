"""The conversations, one noun a file."""
