"""The local endpoint's own process, and what samlocal adds to moto there."""
