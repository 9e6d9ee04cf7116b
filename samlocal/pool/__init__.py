"""Sandboxes that stay between events: started when they are needed, reused, replaced and removed as Lambda does."""
