"""Joins what the template says of a function with what AWS knows of it."""
