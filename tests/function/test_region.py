"""The region without an environment: the flag's, the process's, the profile's, and the fallback that is announced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Project, function, template

FILES = {
    "template.json": template(Fn=function(Environment={"Variables": {"PLACE": {"Ref": "AWS::Region"}}})),
    "code/app.py": "",
}
CONFIG = """
[default]
region = eu-north-1
s3 =
    max_concurrent_requests = 2

[profile work]
region = eu-south-1
"""


@pytest.mark.parametrize(
    ("args", "environ", "region"),
    [
        ((), {}, "eu-north-1"),
        (("--aws-profile", "work"), {}, "eu-south-1"),
        ((), {"AWS_PROFILE": "work"}, "eu-south-1"),
        ((), {"AWS_REGION": "eu-west-3", "AWS_PROFILE": "work"}, "eu-west-3"),
        (("--region", "eu-west-2"), {}, "eu-west-2"),
    ],
)
def test_the_region_is_the_users_own(
    project: Callable[..., Project], args: tuple[str, ...], environ: dict[str, str], region: str
) -> None:
    made = project(FILES)
    (made.home / ".aws").mkdir()
    (made.home / ".aws" / "config").write_text(CONFIG)

    (entry,) = made.run("env", "Fn", "--output", "json", *args, environ=environ).succeeded().payload

    assert (entry["value"], entry["placeholder"]) == (region, False)


def test_the_fallback_is_announced_with_the_placeholders(project: Callable[..., Project]) -> None:
    made = project(FILES)

    (entry,) = made.run("env", "Fn", "--output", "json").succeeded().payload
    strict = made.run("invoke", "Fn", "--strict").ended(5)

    assert (entry["value"], entry["placeholder"]) == ("us-east-1", True)
    assert "!Ref AWS::Region, AWS_REGION = us-east-1." in strict.stderr
