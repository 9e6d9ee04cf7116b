"""From a request to the event that a function gets of it, as AWS makes it for each kind of API."""
