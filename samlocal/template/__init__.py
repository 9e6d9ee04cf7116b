"""What the file says: reading a template, its intrinsic functions, and what the SAM translator makes of it."""
