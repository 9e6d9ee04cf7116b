"""Lambda's own API on this machine: what any SDK asks it, and what AWS would answer."""
