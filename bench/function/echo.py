"""Answers with the event that it was given, so that whoever sent it can tell that the answer is its own."""


def handler(event, _context):
    return event
