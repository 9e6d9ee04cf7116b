"""What `samlocal event generate` prints."""
