"""What a shell offers at Tab, by the protocol of its script, and in real shells."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Outcome, Project, function, template
from typing_kit import Terminal, terminal

MakeProject = Callable[..., Project]

BIN = Path(sys.executable).parent

SAMCONFIG = """
version = 0.1
[dev.deploy.parameters]
stack_name = "shop-dev"
[prod.deploy.parameters]
stack_name = "shop-prod"
"""
FILES = {
    "template.json": template(
        getOrder=function(Events={"A": {"Type": "Api", "Properties": {"Path": "/orders/{id}", "Method": "get"}}}),
        putOrder=function(FunctionName="store-order"),
        Shared={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "shared/"}},
        Fast={"Type": "AWS::Serverless::HttpApi"},
    ),
    "samconfig.toml": SAMCONFIG,
    "events/first.json": "{}",
    "other.json": "{}",
    "lines.jsonl": "{}",
    "notes.txt": "",
    "docker/contexts/meta/0/meta.json": '{"Name": "remote"}',
    "docker/contexts/meta/1/meta.json": "{",
}


def offered(project: Project, *words: str, **environ: str) -> Outcome:
    """What comes for the last of the words, which is being typed, on both streams."""
    given = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1), "_SAMLOCAL_COMPLETE": "bash_complete"}
    return project.run(environ=given | environ)


def values(outcome: Outcome) -> list[str]:
    assert outcome.succeeded().stderr == ""
    return [line.partition(",")[2] for line in outcome.stdout.decode().splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["samlocal", "start-"], ["start-api", "start-lambda"]),
        (["samlocal", "event", "generate", "sq"], ["sqs"]),
        (["samlocal", "event", "generate", "sns", ""], ["notification"]),
        (["samlocal", "invoke", "--event", "{}", "--refresh-l"], ["--refresh-layers"]),
        (["samlocal", "invoke", ""], ["getOrder", "putOrder", "GET /orders/{id}"]),
        (["samlocal", "invoke", "PUT"], ["putOrder"]),
        (["samlocal", "watch", "store"], ["store-order"]),
        (["samlocal", "env", "-e", "dev", "get"], ["getOrder"]),
        (["samlocal", "env", "-e", ""], ["dev", "prod", "local"]),
        (["samlocal", "env", "--diff", "dev", "p"], ["prod"]),
        (["samlocal", "env", "--output", "dot"], ["dotenv"]),
        (["samlocal", "build", ""], ["getOrder", "putOrder", "Shared"]),
        (
            ["samlocal", "invoke", "x", "--event", ""],
            ["first", "docker/", "events/", "lines.jsonl", "other.json", "template.json"],
        ),
        (["samlocal", "invoke", "x", "--event", "events/"], ["events/first.json"]),
        (["samlocal", "start-api", "--api", ""], ["Fast", "ServerlessRestApi"]),
        (["samlocal", "invoke", "--engine", "arm64=r"], ["arm64=remote"]),
    ],
    ids=lambda value: " ".join(value) if "samlocal" in value else None,
)
def test_each_word_is_completed_by_what_can_stand_there(
    project: MakeProject, words: list[str], expected: list[str]
) -> None:
    made = project(FILES)
    assert values(offered(made, *words, DOCKER_CONFIG=str(made.folder / "docker"))) == expected


@pytest.mark.parametrize(
    "files",
    [
        {"template.json": "{"},
        {"template.json": "[]"},
        {"template.yaml": "Resources: {Fn: !Unknown [}"},
        {},
        {**FILES, "samconfig.toml": "[dev\n"},
    ],
    ids=["cut off", "no template", "no YAML", "nothing", "broken configuration"],
)
def test_what_is_broken_offers_nothing_and_says_nothing(project: MakeProject, files: dict[str, str]) -> None:
    made = project(files)
    for words in (("samlocal", "invoke", "g"), ("samlocal", "env", "-e", "p")):
        outcome = offered(made, *words)
        assert outcome.stdout.strip() in (b"", b"plain,getOrder")
        assert outcome.stderr == ""
    assert "Traceback" not in offered(made, "samlocal", "nonsense", "", COMP_CWORD="x").stderr


def test_a_template_that_has_changed_offers_what_it_has_now(project: MakeProject) -> None:
    made = project(FILES)
    assert values(offered(made, "samlocal", "env", "p")) == ["putOrder"]
    (made.folder / "template.json").write_text(json.dumps(template(pay=function())))
    assert values(offered(made, "samlocal", "env", "p")) == ["pay"]


def test_nobody_is_asked_for_an_environments_function(project: MakeProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as aws:
        url = f"http://127.0.0.1:{aws.getsockname()[1]}"
        environ = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        assert values(offered(project(FILES), "samlocal", "invoke", "-e", "dev", "get", **environ)) == ["getOrder"]
        aws.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            aws.accept()
            pytest.fail("AWS was called")


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(samlocal completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit && compinit -u -d "$HOME/dump" && eval "$(samlocal completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "samlocal completion fish | source"),
}

# A word of so many letters and a Tab, and what stands there then: each shell quotes a route in its own way.
ROUTE = {"bash": r"GET\ /orders/\{id\}", "zsh": r"GET\ /orders/\{id\}", "fish": r"GET\ /orders/\{id\}"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes_at_tab(project: MakeProject, shell: str) -> None:
    command, setup = SHELLS[shell]
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here: it is Debian's package {shell}")
    made = project(FILES)
    environ = made.environment({"PS1": "ready> ", "LC_ALL": "C.UTF-8"})
    environ["PATH"] = f"{BIN}:{environ['PATH']}"

    def completed(there: Terminal, typed: str, expected: str) -> None:
        there.types(f"{typed}\t").shows(expected)
        # The line is done with.
        there.types("\x15echo 'next' 'line'\n").shows("next line")

    with terminal(command, cwd=made.folder, environ=environ) as there:
        there.types(f"{setup}; echo set'-'up\n").shows("set-up")
        completed(there, "samlocal start-l", "samlocal start-lambda")
        completed(there, "samlocal invoke putO", "samlocal invoke putOrder")
        completed(there, "samlocal invoke GET", ROUTE[shell])
        completed(there, "samlocal env -e pr", "samlocal env -e prod")
        completed(there, "samlocal invoke x --event fir", "--event first")
        there.types("exit\n").ended()
