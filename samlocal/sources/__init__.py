"""Event source mappings: queues and streams are read here, as AWS Lambda's own pollers read them."""
