"""What is built from sources, and only when they have changed."""
