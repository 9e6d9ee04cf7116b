"""The image that a sandbox starts from."""
