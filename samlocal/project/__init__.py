"""From settings to the sandbox of a function: what every front end calls, and what the command line is one of."""
