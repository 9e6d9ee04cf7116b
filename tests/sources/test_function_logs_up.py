"""``samlocal up``: what a function writes reaches the function that subscribes to its log."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable

import kit
import pytest
from kit import eventually
from pushed_kit import TELLER, teller
from up_kit import Queue, up

pytestmark = pytest.mark.docker

TALKER = """
def handler(event, context):
    for line in event["says"]:
        print(line)
"""

TEMPLATE = kit.template(
    Done={"Type": "AWS::SQS::Queue"},
    Talks={"Type": "AWS::Logs::LogGroup"},
    Talker=kit.function(Handler="talker.handler", LoggingConfig={"LogGroup": {"Ref": "Talks"}}),
    Listener=teller(
        Events={
            "Errors": {
                "Type": "CloudWatchLogs",
                "Properties": {"LogGroupName": {"Ref": "Talks"}, "FilterPattern": "ERROR"},
            }
        }
    ),
)


def test_a_function_hears_of_the_lines_of_anothers_log_that_its_pattern_names(
    local: Callable[..., kit.Project],
) -> None:
    with up(local({"template.json": TEMPLATE, "code/app.py": TELLER, "code/talker.py": TALKER})) as own:
        done = Queue(own.client("sqs"), "Done")
        lambda_ = own.client("lambda")
        (name,) = (
            each["FunctionName"] for each in lambda_.list_functions()["Functions"] if "Talker" in each["FunctionName"]
        )
        lambda_.invoke(FunctionName=name, Payload=json.dumps({"says": ["all is well", "ERROR one"]}))
        eventually(lambda: done.waiting >= 1, within=90, told=own.running.stderr)
        data = json.loads(done.bodies()[0])["awslogs"]["data"]
        sent = json.loads(gzip.decompress(base64.b64decode(data)))
        assert [each["message"].strip() for each in sent["logEvents"]] == ["ERROR one"]
        assert "-Talks-" in sent["logGroup"]
        assert sent["logStream"].count("/") >= 2
        # The whole log is followed by whoever asks for it, and is where CloudWatch Logs has it.
        tailed = own.project.run("local", "tail", "--no-follow", "Talker").succeeded().stdout.decode()
        assert re.search(r"^[0-9:.]{12} Talker +[0-9a-f]{8} \| all is well$", tailed, re.MULTILINE)
        assert "Listener" not in tailed
        events = own.client("logs").filter_log_events(logGroupName=sent["logGroup"])["events"]
        assert "all is well" in [each["message"].strip() for each in events]
        own.ended()
