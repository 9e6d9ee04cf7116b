"""What AWS knows: the deployed stack, its resources' attributes, references to other services, and the role."""
