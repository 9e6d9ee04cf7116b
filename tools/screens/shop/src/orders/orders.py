import json


def handler(event, context):
    print(
        json.dumps({"level": "INFO", "message": "orders are listed", "count": 2, "timestamp": "2026-11-26T12:00:00Z"})
    )
    orders = [{"id": "o-1", "total": 19.9, "paid": True}, {"id": "o-2", "total": 7, "paid": False}]
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(orders)}
