"""What commands that stay show of their requests, for people and for machines."""
