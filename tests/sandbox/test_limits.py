"""What a sandbox lets a function have: processes, memory, /tmp (Lambda developer guide, "Lambda quotas")."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from kit import Docker, Outcome, Project, node, python

from samlocal.sandbox.memory import MemoryWatch

pytestmark = pytest.mark.docker


# processes

THREADS = """
import threading
def handler(event, context):
    over, made = threading.Event(), 0
    try:
        while made < 3000:
            threading.Thread(target=over.wait, daemon=True).start()
            made += 1
    except RuntimeError as error:
        return [made, str(error)]
    finally:
        over.set()
    return [made, "no limit"]
"""

FORKS = """
import os, signal, time
def handler(event, context):
    children, refused = [], "no limit"
    try:
        while len(children) < 3000:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    except OSError as error:
        refused = os.strerror(error.errno)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return [len(children), refused]
"""


@pytest.mark.parametrize("source", [THREADS, FORKS], ids=["threads", "processes"])
def test_a_function_has_1024_processes_and_threads(source: str, project: Callable[..., Project]) -> None:
    made, refused = project(python(source, MemorySize=2048, Timeout=60)).invoke("Fn").succeeded().payload
    assert refused != "no limit"
    assert 1000 < made < 1024


def test_the_runtime_is_not_the_first_process_and_leaves_no_orphans(project: Callable[..., Project]) -> None:
    """As on Lambda: process 1 meets no SIGTERM, and would have to bury what its children leave."""
    source = """
import os, subprocess, time
def names():
    for each in filter(str.isdigit, os.listdir("/proc")):
        try:
            yield open(f"/proc/{each}/comm").read().strip()
        except OSError:
            continue
def handler(event, context):
    subprocess.run(["sh", "-c", "sleep 0.05 &"], check=True)
    until = time.time() + 20
    while "sleep" in names() and time.time() < until:
        time.sleep(0.05)
    return [os.getpid(), "sleep" in names()]
"""
    own, unburied = project(python(source)).invoke("Fn").succeeded().payload
    assert own > 1
    assert not unburied


# memory


def reported(outcome: Outcome) -> int:
    if "Max Memory Used" not in outcome.report:
        pytest.skip("this machine does not let the container's memory be read")
    return int(outcome.report["Max Memory Used"].split()[0])


def test_the_memory_reported_is_what_a_python_process_knows_of_itself(project: Callable[..., Project]) -> None:
    source = """
import resource
def handler(event, context):
    len(b"x" * (100 << 20))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""
    outcome = project(python(source, MemorySize=256)).invoke("Fn").succeeded()
    assert outcome.payload > 100
    assert outcome.payload - 1 <= reported(outcome) <= outcome.payload + 4


def test_the_memory_reported_is_what_a_node_process_knows_of_itself(project: Callable[..., Project]) -> None:
    source = "exports.handler = async () => process.resourceUsage().maxRSS / 1024"
    # The second time everything that Node reads is in the page cache, charged to the first one's container.
    measured = project(node(source, MemorySize=256))
    measured.invoke("Fn").succeeded()
    outcome = measured.invoke("Fn").succeeded()
    assert outcome.payload > 30
    assert outcome.payload - 1 <= reported(outcome) <= outcome.payload + 4


def test_the_memory_reported_counts_processes_that_have_ended(project: Callable[..., Project]) -> None:
    source = """
import subprocess, sys
def handler(event, context):
    subprocess.run([sys.executable, "-c", "import time; x = b'x' * (150 << 20); time.sleep(1)"], check=True)
"""
    outcome = project(python(source, MemorySize=512, Timeout=30)).invoke("Fn").succeeded()
    assert 150 < reported(outcome) < 250


def test_the_memory_reported_counts_shared_pages_once(project: Callable[..., Project]) -> None:
    source = """
import os, time
def handler(event, context):
    held = b"x" * (100 << 20)
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            time.sleep(1)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return len(held)
"""
    outcome = project(python(source, MemorySize=1024, Timeout=30)).invoke("Fn").succeeded()
    assert 100 < reported(outcome) < 200


def test_a_function_that_is_killed_for_its_memory_has_used_all_of_it(project: Callable[..., Project]) -> None:
    source = "def handler(event, context):\n    return len(b'x' * (400 << 20))\n"
    outcome = project(python(source, MemorySize=256)).invoke("Fn").ended(1)
    assert outcome.report["Error Type"] == "Runtime.OutOfMemory"
    assert reported(outcome) == 256


def test_another_process_of_the_same_number_is_not_measured() -> None:
    """As an engine in a virtual machine, or seen from inside a container, numbers its processes."""
    watch = MemoryWatch(os.getpid(), container="0123456789abcdef")
    assert (watch.megabytes, watch.charged) == (None, None)


# /tmp

WRITES = """
import os
def handler(event, context):
    with open("/tmp/file", "wb") as file:
        for _ in range(event["mb"]):
            file.write(os.urandom(1 << 20))
    return [os.stat("/tmp/file").st_size >> 20, oct(os.stat("/tmp").st_mode & 0o7777)]
"""


def test_what_a_function_writes_to_tmp_is_not_its_memory(project: Callable[..., Project]) -> None:
    outcome = project(python(WRITES, MemorySize=256, Timeout=60)).invoke("Fn", "--event", '{"mb": 300}').succeeded()
    assert outcome.payload == [300, "0o1777"]
    assert not [line for line in outcome.lines if "No space left" in line]
    assert reported(outcome) < 100


def test_more_in_tmp_than_lambda_lets_it_hold_is_refused_or_said(project: Callable[..., Project]) -> None:
    outcome = project(python(WRITES, MemorySize=256, Timeout=60)).invoke("Fn", "--event", '{"mb": 600}')
    assert "No space left on device" in outcome.stderr
    if outcome.status == 0:
        (said,) = [line for line in outcome.lines if "No space left on device" in line]
        assert "Fn holds 60" in said
        assert "512 MB" in said


def test_nothing_of_tmp_is_left_on_the_engines_disk(project: Callable[..., Project], docker: Docker) -> None:
    writing = project(python(WRITES))
    writing.invoke("Fn", "--event", '{"mb": 1}').succeeded()
    assert docker.nothing_left(writing)
    assert docker.volumes(writing) == []


def test_what_a_function_prints_is_not_kept_by_the_engine(project: Callable[..., Project], docker: Docker) -> None:
    waiting = project(python("import time\ndef handler(*_):\n    print('invoked', flush=True)\n    time.sleep(60)\n"))
    with waiting.start("invoke", "Fn") as running:
        running.has_logged("invoked")
        (container,) = docker.containers(waiting)
        assert docker.described(container)["HostConfig"]["LogConfig"]["Type"] == "none"


# images


@pytest.fixture
def odd_image(docker: Docker) -> Iterator[str]:
    """AWS's layout with a /tmp that only root may write to, a health check, and the other architecture's name."""
    name = "samlocal-test/odd:1"
    dockerfile = (
        "FROM samlocal/lambda-python:3.11\nRUN chmod 0755 /tmp\nHEALTHCHECK --interval=1s CMD touch /tmp/checked\n"
    )
    with docker.image(name, dockerfile):
        yield name


def test_an_image_whose_tmp_is_roots_alone_gives_the_function_one_in_memory(
    odd_image: str, project: Callable[..., Project]
) -> None:
    outcome = (
        project(python(WRITES, MemorySize=256, Timeout=60))
        .invoke("Fn", "--event", '{"mb": 300}', "--image", f"python3.11={odd_image}")
        .succeeded()
    )
    assert outcome.payload[0] == 300
    assert any("no /tmp that everybody may write to" in line for line in outcome.lines)


def test_an_images_health_check_does_not_run_among_the_functions_processes(
    odd_image: str, project: Callable[..., Project]
) -> None:
    source = "import os, time\ndef handler(*_):\n    time.sleep(2.5)\n    return os.listdir('/tmp')\n"
    outcome = project(python(source, Timeout=10)).invoke("Fn", "--image", f"python3.11={odd_image}").succeeded()
    assert outcome.payload == []


def test_a_function_that_runs_on_another_processor_than_deployed_is_told_so(project: Callable[..., Project]) -> None:
    source = "import os\ndef handler(*_):\n    return os.uname().machine\n"
    here = project(python(source)).invoke("Fn").succeeded()
    other = {"x86_64": "arm64", "aarch64": "x86_64"}[here.payload]
    assert not any(" is for " in line for line in here.lines)
    outcome = project(python(source, Architectures=[other])).invoke("Fn").succeeded()
    (said,) = [line for line in outcome.lines if f"Fn is for {other}" in line]
    assert "samlocal/lambda-python:3.11" in said
