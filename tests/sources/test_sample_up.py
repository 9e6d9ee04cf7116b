"""The sample application, all of it, by one command: what comes of one request, step by step."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import kit
import pytest
from up_kit import up

pytestmark = pytest.mark.docker

SAMPLE = Path(__file__).parents[2] / "templates"

# The functions in the order in which an event comes to them, and what each one's log says of it.
STEPS = {
    "putEvent": "writing talk to",
    "relayChange": "relaying talk",
    "archiveEvent": "archiving events/talk.json",
    "announceEvent": "archived: events/talk.json",
}


def test_one_request_goes_from_the_api_by_table_stream_queue_bucket_and_topic_to_the_last_function(
    local: Callable[..., kit.Project],
) -> None:
    settings = 'version = 0.1\n[default.global.parameters]\ntemplate_file = "templates/template.yaml"\n'
    with up(local({"templates": SAMPLE, "samconfig.toml": settings})) as own:
        api = re.search(r"REST API, stage test\) is served at (http://\S+)", own.running.stderr())
        assert api, own.running.stderr()
        request = urllib.request.Request(
            f"{api[1].rstrip('/')}/events/talk", json.dumps({"name": "A talk"}).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert json.load(answer)["item"] == {"name": "A talk", "id": "talk"}
        for function, said in STEPS.items():
            own.running.has_logged(said, within=120)
            line = next(each for each in own.running.stderr().splitlines() if said in each)
            assert function in line, line
        s3 = own.client("s3")
        (bucket,) = (each["Name"] for each in s3.list_buckets()["Buckets"] if "archivebucket" in each["Name"])
        stored = json.load(s3.get_object(Bucket=bucket, Key="events/talk.json")["Body"])
        assert stored == {"id": {"S": "talk"}, "name": {"S": "A talk"}}
        own.ended()
