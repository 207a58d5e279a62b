"""Measurements of the running parts, made on the machine at hand."""
