"""Events that are kept: saved with a project, shared with a team, taken from where they really arrive."""
