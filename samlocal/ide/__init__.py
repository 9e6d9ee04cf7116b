"""What makes an editor debug a function: its own configuration files."""
