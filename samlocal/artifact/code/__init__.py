"""The folder that stands at /var/task."""
