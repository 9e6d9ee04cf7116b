"""Twenty tests of the sample's functions that need no AWS."""

import json

import pytest


def event(id_, body=None):
    return {"pathParameters": {"id": id_}, "body": body}


@pytest.mark.parametrize("number", range(8))
def test_the_welcome_event_comes_with_the_application(invoke, number):
    answer = invoke("getEvent", {**event("welcome"), "number": number})
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["source"] == "built-in"


@pytest.mark.parametrize("body", ["", "{", "[]", '{"name": 1}', "null", "3", '"name"', '{"nam": "A talk"}'])
def test_a_body_without_a_name_is_refused(invoke, body):
    assert invoke("putEvent", event("talk", body))["statusCode"] == 400


@pytest.mark.parametrize("body", ["", "{}", '{"name": "A talk"}', '{"name": "Welcome"}'])
def test_the_welcome_event_is_not_replaced(invoke, body):
    assert invoke("putEvent", event("welcome", body))["statusCode"] == 409
