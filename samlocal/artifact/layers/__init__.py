"""The folder that stands at /opt."""
