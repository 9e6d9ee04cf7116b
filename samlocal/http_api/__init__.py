"""The APIs in front of functions: what a template says of them, and what they make of a request and of an answer."""
