"""What every command that stays is made of: a project whose functions run in sandboxes that stay."""
