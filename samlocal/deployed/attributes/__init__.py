"""Attributes of deployed resources."""
