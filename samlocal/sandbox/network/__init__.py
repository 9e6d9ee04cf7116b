"""The ways between a container and this machine."""
