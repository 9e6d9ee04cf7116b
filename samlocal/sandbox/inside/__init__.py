"""What is mounted into the container."""
