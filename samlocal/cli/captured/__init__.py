"""Commands of events that are kept."""
