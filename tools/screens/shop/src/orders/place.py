def handler(event, context):
    print("[WARNING] no customer is named")
    return total(event["items"])


def total(items):
    return sum(item["price"] for item in items)
