"""Sandboxes that stay between commands, in a process of the project's own."""
