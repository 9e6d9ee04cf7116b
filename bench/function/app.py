"""The function that the benchmark runs: it answers with the event's id."""


def handler(event, _context):
    return {"statusCode": 200, "body": event["pathParameters"]["id"]}
