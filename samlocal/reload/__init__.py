"""Reload on save: what functions are made from is watched, and what has changed is taken up where they run."""
