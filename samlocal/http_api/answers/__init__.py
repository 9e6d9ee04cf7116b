"""From what a function has returned, or why it was not asked, to what a client gets, as each kind of API words it."""
