"""What samlocal serves to a sandbox: the Runtime, Extensions and Telemetry APIs."""
