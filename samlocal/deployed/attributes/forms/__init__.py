"""What is known of each resource type."""
