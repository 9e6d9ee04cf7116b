"""What starts a function, as its template says, and the event that it starts it with."""
