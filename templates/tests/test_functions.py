"""Tests of the sample application's functions, each run as Lambda runs it: `pip install samlocal[local] pytest`, and
then `pytest templates/tests`. With pytest-xdist's `-n 2` each worker has an environment of its own.
"""

import json

import pytest
from samlocal.testing import FunctionFailedError, event


@pytest.fixture(scope="session")
def get_event(samlocal):
    return samlocal.function("getEvent")


@pytest.fixture(scope="session")
def put_event(samlocal):
    return samlocal.function("putEvent")


def get(id_):
    return {"pathParameters": {"id": id_}}


def put(id_, body):
    return {**get(id_), "body": body}


def body_of(answer):
    return json.loads(answer.payload["body"])


def test_the_welcome_event_comes_with_the_application(get_event):
    answer = get_event(get("welcome"))
    assert answer.payload["statusCode"] == 200
    assert body_of(answer)["source"] == "built-in"
    # It needs no AWS, and says nothing.
    assert answer.logs == ()
    assert answer.report.duration < 3000


@pytest.mark.parametrize("body", ["", "{", "[]", '{"name": 1}'])
def test_a_body_without_a_name_is_refused(put_event, body):
    assert put_event(put("talk", body)).payload["statusCode"] == 400


def test_an_event_without_an_id_is_an_error_of_the_function(get_event):
    answer = get_event({})
    assert answer.error["errorType"] == "KeyError"
    with pytest.raises(FunctionFailedError, match="pathParameters"):
        _ = answer.payload


def test_what_is_put_is_there(put_event, get_event, samlocal_environment):
    assert put_event(put("talk", '{"name": "A talk"}')).payload["statusCode"] == 200
    assert body_of(get_event(get("talk")))["item"] == {"id": "talk", "name": "A talk"}
    table = samlocal_environment.physical_id("EventsTable")
    found = samlocal_environment.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "talk"}})
    assert found["Item"]["name"] == {"S": "A talk"}


def test_each_test_begins_with_the_seed(get_event, samlocal_environment):
    assert body_of(get_event(get("meetup")))["item"]["seats"] == 40
    assert get_event(get("talk")).payload["statusCode"] == 404


def test_a_function_has_its_own_rights_and_no_more(get_event, samlocal_environment):
    answer = get_event(get("meetup"))
    assert "role" in body_of(answer)
    assert ":assumed-role/" in body_of(answer)["role"]
    assert any("reading meetup" in line for line in answer.logs)


def test_the_api_puts_and_gets(samlocal, samlocal_environment):
    api = samlocal.api()
    assert api.put("/events/talk", json={"name": "A talk"}).status == 200
    answer = api.get("/events/talk")
    assert (answer.status, answer.json()["item"]["name"]) == (200, "A talk")
    assert api.get("/events/none").status == 404
    assert api.request("DELETE", "/events/talk").status == 403


def test_the_archive_takes_what_is_in_its_queue(samlocal, samlocal_environment):
    archive = samlocal.function("archiveEvent")
    message = archive.event(body=json.dumps({"id": "talk", "item": {"name": {"S": "A talk"}}}))
    assert archive(message).payload == {"batchItemFailures": []}
    bucket = samlocal_environment.physical_id("ArchiveBucket")
    archived = samlocal_environment.client("s3").get_object(Bucket=bucket, Key="events/talk.json")
    assert json.loads(archived["Body"].read()) == {"name": {"S": "A talk"}}


def test_a_message_that_cannot_be_read_comes_again(samlocal):
    messages = event("sqs", "receive-message", body=["no JSON", "{}"])
    failed = samlocal.function("archiveEvent")(messages).payload["batchItemFailures"]
    assert [each["itemIdentifier"] for each in failed] == [each["messageId"] for each in messages["Records"]]


def test_who_is_to_be_told_is_told(samlocal):
    notification = event("s3", "put", "in", "sns", key="events/a talk.json")
    answer = samlocal.function("announceEvent")(notification)
    assert answer.error is None
    assert any("archived: events/a talk.json" in line for line in answer.logs)
