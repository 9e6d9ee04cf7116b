"""The runs of one command: its events, where they run, and what is shown of each."""
