"""Debuggers, wired for each language."""
