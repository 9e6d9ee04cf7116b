"""The options of commands, in groups, and where their values come from."""
