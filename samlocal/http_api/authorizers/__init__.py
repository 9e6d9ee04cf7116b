"""Who may pass: a function of the template's, a token's issuer, an API key."""
