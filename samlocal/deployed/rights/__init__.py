"""Under whose rights a function runs: roles, trust, narrowed sessions."""
