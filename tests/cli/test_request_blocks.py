"""What people see of requests: a line for each, its log under it, and whose each line is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_kit import FAILED, Shown, plain, run

from samlocal.cli.shown import said
from samlocal.cli.shown.function_tags import FunctionTags
from samlocal.cli.shown.served import ServedApi, ServedRoute
from samlocal.errors import CodeError, TemplateError
from samlocal.function.logging_config import LogFormat
from samlocal.pool.pool import Replaced
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.reload.told import NotReloaded, Reloaded
from samlocal.sandbox.result import timed_out

EIGHT = tuple(f"{verb}{noun}" for verb in ("get", "put") for noun in ("Event", "Seat", "Ticket", "Venue"))


def test_a_request_is_one_line_with_its_log_under_it() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.says("loading")
            one.begins("r1")
            one.says("saw it", "  and more")
            assert await shown.lines() == [], "its line would not stand above its log"
            one.ends("r1", init_duration=210.11)
            assert await shown.lines() == [
                "00:00:00 getEvent success  12.3 ms  init 210 ms  38 MB  r1",
                "loading",
                "saw it",
                "  and more",
            ]
            one.runs("r2", "again", result=FAILED, status="error", error_type="ValueError", max_memory_used=None)
            assert await shown.lines() == ["00:00:00 getEvent error    12.3 ms  r2  ValueError", "again"]
            one.runs("r3", duration=3000.0, result=timed_out("r3", 3), status="timeout")
            assert await shown.lines() == ["00:00:00 getEvent timeout   3.00 s  38 MB  r3"]

    run(test)


def test_of_eight_functions_at_once_each_block_stands_alone_and_says_whose_it_is() -> None:
    async def test() -> None:
        async with Shown(*EIGHT) as shown:
            sandboxes = [shown.sandbox(name) for name in EIGHT]
            for each in sandboxes:
                each.begins(each.function)
            for number in range(3):
                for each in sandboxes:
                    each.says(f"{number} of {each.function}")
            for each in sandboxes:
                each.ends(each.function)
            lines = await shown.lines()
            assert len(lines) == 8 * 4
            for place, name in enumerate(EIGHT):
                block = lines[4 * place :][:4]
                assert block == [
                    f"00:00:00 {name:<9} success  12.3 ms  38 MB  {name[:8]}",
                    *(f"{name:<9} | {number} of {name}" for number in range(3)),
                ]

    run(test)


def test_a_request_that_takes_longer_is_shown_as_it_goes() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            slow, quick = shown.sandbox("getEvent"), shown.sandbox("putEvent")
            slow.begins("0123456789abcdef")
            slow.says("first")
            shown.clock.move(1)
            assert await shown.lines() == ["00:00:00 getEvent runs    01234567", "getEvent | first"]
            slow.says("second")
            assert await shown.lines() == ["getEvent | second"]
            quick.runs("r2", "between")
            slow.says("third")
            slow.ends("0123456789abcdef")
            assert await shown.lines() == [
                "00:00:00 putEvent success  12.3 ms  38 MB  r2",
                "putEvent | between",
                "getEvent | third",
                "00:00:00 getEvent success  12.3 ms  38 MB  01234567",
            ]

    run(test)


def test_a_slow_request_that_writes_nothing_is_one_line() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            shown.clock.move(5)
            one.ends("r1", duration=5000.0)
            assert await shown.lines() == ["00:00:00 getEvent success   5.00 s  38 MB  r1"]

    run(test)


def test_two_requests_of_one_function_that_take_longer_are_told_apart() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            sandboxes = [shown.sandbox("getEvent") for _ in "ab"]
            for each, name in zip(sandboxes, "ab", strict=True):
                each.begins(name * 8)
                each.says("begun")
            shown.clock.move(1)
            await shown.lines()
            sandboxes[0].says("goes on")
            sandboxes[1].ends("b" * 8)
            sandboxes[0].says("is alone")
            assert await shown.lines() == [
                "aaaa | goes on",
                "00:00:00 getEvent success  12.3 ms  38 MB  bbbbbbbb",
                "is alone",
            ]

    run(test)


def test_a_log_that_ends_behind_its_event_is_whole_all_the_same() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            one.ends("r1", logged=False)
            one.says("late")
            assert await shown.lines() == []
            one.journal.end_invocation()
            assert await shown.lines() == ["00:00:00 getEvent success  12.3 ms  38 MB  r1", "late"]
            one.begins("r2")
            one.says("early")
            one.ends("r2", logged=False)
            shown.clock.move(1)
            assert await shown.lines() == ["00:00:00 getEvent success  12.3 ms  38 MB  r2", "early"], (
                "none waits for ever"
            )

    run(test)


def test_a_sandbox_that_begins_its_next_event_before_the_last_one_is_told_to_be_over_mixes_nothing() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            one.says("first")
            one.reports("r1")
            one.begins("r2")
            one.says("second")
            one.is_over("r1")
            one.reports("r2")
            one.is_over("r2")
            assert await shown.lines() == [
                "00:00:00 getEvent success  12.3 ms  38 MB  r1",
                "first",
                "00:00:00 getEvent success  12.3 ms  38 MB  r2",
                "second",
            ]

    run(test)


@given(st.lists(st.sampled_from(["says", "next", "told", "wait"]), max_size=40), st.integers(1, 3))
def test_whatever_comes_when_every_line_stands_once_and_under_its_own_request(steps: list[str], count: int) -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            sandboxes = [shown.sandbox("getEvent") for _ in range(count)]
            open_: dict[int, str] = {}
            untold: list[tuple[int, str]] = []
            wrote: dict[str, list[str]] = {}
            seen: list[str] = []
            ending = [*["next"] * count, *["told"] * (len(steps) + count), "wait", "wait"]
            for number, step in enumerate([*steps, *ending], start=1):
                which = number % count
                one = sandboxes[which]
                match step:
                    case "says" if which in open_:
                        wrote[open_[which]].append(f"{open_[which]} says {number}")
                        one.says(wrote[open_[which]][-1])
                    case "next":
                        if which in open_:
                            one.reports(open_[which])
                            untold.append((which, open_.pop(which)))
                        if number <= len(steps):
                            open_[which] = f"r{number:07}"
                            wrote[open_[which]] = []
                            one.begins(open_[which])
                    case "told" if untold:
                        of, request_id = untold.pop(0)
                        sandboxes[of].is_over(request_id)
                    case "wait":
                        shown.clock.move(2)
                seen += await shown.lines()
            said = [line.rpartition(" | ")[2] for line in seen if " | " in line]
            assert sorted(said) == sorted(line for lines in wrote.values() for line in lines)
            under = ""
            ended = [line.split()[-1] for line in seen if " success " in line]
            assert sorted(ended) == sorted(wrote)
            for line in seen:
                if " success " in line or " runs " in line:
                    under = line.split()[-1]
                elif " | " in line and not any(" runs " in each for each in seen):
                    assert line.rpartition(" | ")[2].startswith(under), seen

    run(test)


def test_what_an_init_writes_that_no_request_waits_for_is_shown_soon() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            one = shown.sandbox("getEvent")
            one.says("loading")
            shown.clock.move(1)
            assert await shown.lines() == ["getEvent | loading"]
            one.runs("r1")
            assert await shown.lines() == ["00:00:00 getEvent success  12.3 ms  38 MB  r1"]

    run(test)


def test_an_endless_log_is_not_kept_back() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            one.says(*map(str, range(1500)))
            lines = await shown.lines()
            assert lines[1:] == list(map(str, range(1500)))

    run(test)


def test_a_json_log_keeps_its_lines_but_for_what_the_request_says() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            shown.sandbox("getEvent", format=LogFormat.JSON).runs("r1", '{"level": "INFO", "message": "hello"}')
            lines = await shown.lines()
            assert lines == ["00:00:00 getEvent success  12.3 ms  38 MB  r1", '{"level": "INFO", "message": "hello"}']

    run(test)


def test_what_does_not_run_says_why_and_what_to_do() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            shown.sandbox("putEvent").throttled("r1", Throttled(reason=ThrottleReason.RESERVED))
            shown.requests.begun("getEvent", "r2")
            shown.requests.ended("r2", None, CodeError("template.yaml:7: no code", tip="Write some."))
            assert await shown.lines() == [
                "00:00:00 putEvent throttled  ReservedFunctionConcurrentInvocationLimitExceeded",
                "00:00:00 getEvent not run   r2",
                "Error: template.yaml:7: no code",
                "Write some.",
            ]

    run(test)


def test_a_failure_in_the_middle_shows_what_was_written_before() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            one.says("half")
            shown.requests.ended("r1", None, None)
            assert await shown.lines() == ["00:00:00 getEvent not run   r1", "Error: It was cut short.", "half"]

    run(test)


def test_attempts_of_an_event_are_counted_and_what_is_to_come_stands_behind_them() -> None:

    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1", attempt=1)
            one.says("fails")
            one.ends("r1", result=FAILED, status="error", error_type="ValueError", logged=False)
            shown.blocks.show(said.EventRetried(request_id="r1", function="getEvent", attempt=2, seconds=60.0))
            one.journal.end_invocation()
            assert await shown.lines() == [
                "00:00:00 getEvent error    12.3 ms  38 MB  r1  event, attempt 1  ValueError",
                "fails",
                "00:00:00 getEvent waits    60 s, then attempt 2",
            ]

    run(test)


def test_the_end_names_what_is_waited_for() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            one = shown.sandbox("getEvent")
            one.begins("r1")
            one.says("kept back")
            shown.requests.begun("getEvent", "r2")
            shown.requests.begun("putEvent", "r3")
            shown.requests.ending()
            assert await shown.lines() == [
                "00:00:00 getEvent runs    r1",
                "getEvent | kept back",
                "samlocal: ends when getEvent (2), putEvent is done; Ctrl-C once more ends at once.",
            ]

    run(test)


def test_the_banner_stands_above_what_happens_before_it_is_known_what_is_served() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent", serves_at_once=False) as shown:
            early = shown.sandbox("getEvent")
            early.says("loading")
            early.journal.remark("waiting for the debugger", fresh=True)
            assert await shown.lines() == []
            shown.serve()
            lines = await shown.lines()
            assert lines[0].startswith("Functions")
            assert lines[-1] == "samlocal: getEvent: waiting for the debugger"
            shown.clock.move(1)
            assert await shown.lines() == ["getEvent | loading"]

    run(test)


def test_what_happened_is_told_also_where_nothing_came_to_be_served() -> None:
    async def test() -> None:
        async with Shown("getEvent", serves_at_once=False) as shown:
            shown.sandbox("getEvent").says("loading")
            shown.requests.ending()
            assert await shown.lines() == ["loading"]

    run(test)


def test_functions_that_come_and_go_are_told() -> None:
    async def test() -> None:
        async with Shown("getEvent", "putEvent") as shown:
            shown.serve("getEvent", "putEvent")
            assert await shown.lines() == []
            shown.serve("getEvent", "sellTicket")
            assert await shown.lines() == [
                "samlocal: served, too: sellTicket",
                "samlocal: no longer served: putEvent",
            ]
            shown.sandbox("sellTicket").runs("r1", "sold")
            assert await shown.lines() == ["00:00:00 sellTicket success  12.3 ms  38 MB  r1", "sellTicket | sold"]

    run(test)


def test_what_stays_the_same_is_told_once_and_what_is_news_each_time() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            one = shown.sandbox("getEvent")
            for _ in range(2):
                one.journal.remark("the network is shared")
                one.journal.remark("the debugger is attached.", fresh=True)
            attached = "samlocal: the debugger is attached."
            assert await shown.lines() == ["samlocal: the network is shared", attached, attached]

    run(test)


# colours


def test_at_a_terminal_a_functions_lines_have_its_colour_and_its_text_keeps_its_own() -> None:
    async def test() -> None:
        async with Shown(*EIGHT, is_terminal=True) as shown:
            heads = set()
            for name in EIGHT:
                shown.sandbox(name).runs(name, "\x1b[31mred\x1b[0m", "plain \x1b]52;c;ZXZpbA==\x07text")
                line, first, second = await shown.lines()
                assert plain([line]) == [f"00:00:00 {name:<9} success  12.3 ms  38 MB  {name[:8]}"]
                assert first.endswith("| \x1b[0m\x1b[31mred\x1b[0m")
                assert second.endswith("| \x1b[0mplain text"), "a terminal obeys nothing in it but colours"
                colour = re.match(r"\x1b\[(\d+)m", first)
                assert colour
                assert f"\x1b[{colour[1]}m\x1b[1m{name}" in line
                heads.add(colour[1])
            assert len(heads) == 8

    run(test)


def test_a_colour_that_a_function_leaves_on_ends_with_its_line() -> None:
    async def test() -> None:
        async with Shown("getEvent", is_terminal=True) as shown:
            shown.sandbox("getEvent").runs("r1", "\x1b[31mred", "plain")
            assert (await shown.lines())[1:] == ["\x1b[31mred\x1b[0m", "plain"]

    run(test)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_who_wants_no_colours_gets_none(environ: dict[str, str]) -> None:
    async def test() -> None:
        async with Shown(
            "getEvent", "putEvent", is_terminal=True, environ=environ, url="http://127.0.0.1:1"
        ) as shown:
            shown.sandbox("getEvent").runs("r1", "\x1b[31mred\x1b[0m")
            assert "\x1b" not in "".join([*shown.banner, *await shown.lines()])

    run(test)


def test_on_a_pipe_a_functions_text_is_what_it_wrote() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            line = "\x1b[31mred\x1b[0m \x1b]52;c;ZXZpbA==\x07 tab\there"
            shown.sandbox("getEvent").runs("r1", line)
            assert (await shown.lines())[1:] == [line]

    run(test)


def test_names_that_hold_controls_are_spelled_out() -> None:
    async def test() -> None:
        async with Shown("a\x1b]52;c;x\x07", "b", is_terminal=True, url="http://127.0.0.1:1") as shown:
            shown.sandbox("a\x1b]52;c;x\x07").runs("r1", "text")
            shown.requests.failed(CodeError("no \x1b[2J code"))
            text = "".join([*shown.banner, *await shown.lines()])
            assert "\x1b]" not in text
            assert "\x07" not in text
            assert "\x1b[2J" not in text

    run(test)


# tags


@pytest.mark.parametrize(
    ("names", "tags"),
    [
        (("getEvent", "putEvent"), ("getEvent", "putEvent")),
        (("GetEventDetailsFunction",), ("GetEventDetails…",)),
        (
            ("TicketServiceReserveSeatFunction", "TicketServiceReleaseSeatFunction"),
            ("…ReserveSeatFun…", "…ReleaseSeatFun…"),
        ),
        (
            ("ProcessTheOrderCreated", "ProcessTheOrderDeleted"),
            ("Process…rCreated", "Process…rDeleted"),
        ),
    ],
)
def test_a_long_name_is_cut_where_it_stays_itself(names: tuple[str, ...], tags: tuple[str, ...]) -> None:
    own = FunctionTags()
    own.name(names)
    assert tuple(own.tag(name) for name in names) == tags


@given(st.lists(st.text("aAbBF/-", min_size=1, max_size=40), unique=True, max_size=8))
def test_no_two_functions_share_a_tag(names: list[str]) -> None:
    own = FunctionTags()
    own.name(names)
    tags = [own.tag(name) for name in names]
    assert len(set(tags)) == len(names)
    for name, tag in zip(names, tags, strict=True):
        assert tag == name or len(tag) <= 16


def test_a_function_keeps_its_colour_when_others_come() -> None:
    own = FunctionTags()
    own.name(["a", "b"])
    before = {name: own.colour(name) for name in "ab"}
    own.name(["c", "b", "a"])
    assert {name: own.colour(name) for name in "ab"} == before


def test_what_a_runtime_says_before_any_error_is_shown_once() -> None:
    async def test() -> None:
        async with Shown("getEvent") as shown:
            for number in range(3):
                sandbox = shown.sandbox("getEvent")
                advice = (
                    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code."
                )
                sandbox.runs(
                    f"r{number}", f"[WARNING] 2026-01-01T00:00:0{number}Z {advice}", "[ERROR] KeyError: 'id'"
                )
            lines = await shown.lines()
            assert sum("LAMBDA_WARNING" in line for line in lines) == 1
            assert lines.count("[ERROR] KeyError: 'id'") == 3

    run(test)


BROKEN = TemplateError("template.yaml:3:1: the template is not valid YAML.")
NOT_RELOADED = NotReloaded(functions=("getEvent",), paths=("template.yaml",), error=BROKEN)
HEAD = "00:00:00 not reloaded: template.yaml; getEvent stays as it was."
ERROR = f"Error: {BROKEN.message}"


@pytest.mark.parametrize("is_warned_first", [True, False])
def test_an_error_that_a_warning_names_too_is_said_once_for_each_time_that_it_comes(is_warned_first: bool) -> None:
    async def test() -> None:
        warning = f"{BROKEN.message} The template is used as it was before."
        async with Shown("getEvent") as shown:

            def goes_wrong() -> None:
                if is_warned_first:
                    shown.output.warning(warning)
                shown.requests.reloaded(NOT_RELOADED)
                if not is_warned_first:
                    shown.output.warning(warning)

            for _ in range(2):
                goes_wrong()
                said_of_it = [f"samlocal: {warning}", HEAD] if is_warned_first else [HEAD, ERROR]
                assert await shown.lines() == said_of_it
                shown.requests.reloaded(
                    Reloaded(functions=("getEvent",), paths=("template.yaml",), seconds=0.1, how=Replaced.ANEW)
                )
                assert len(await shown.lines()) == 1

    run(test)


# the banner


def test_the_banner_says_what_is_served_and_how_to_call_it() -> None:
    async def test() -> None:
        url = "http://127.0.0.1:3001"
        async with Shown("getEvent", "putEvent", url=url, environment="test", stack="tickets", reloads=True) as shown:
            assert shown.banner == [
                "samlocal: Lambda is served at http://127.0.0.1:3001,",
                "to whoever reaches it: signatures are not checked. Ctrl-C ends it.",
                "Functions    getEvent, putEvent",
                "Environment  test, stack tickets, eu-west-1",
                "Reload       on save",
                "  aws lambda invoke --endpoint-url http://127.0.0.1:3001 --region eu-west-1 \\",
                "    --no-sign-request --function-name getEvent /dev/stdout",
                "",
            ]

    run(test)


def served_api(*routes: tuple[str, str], authorizer: str | None = None, url: str | None = None) -> ServedApi:
    shown = tuple(
        ServedRoute(method=method, path=path, leads_to="getEvent", not_run=None, authorizer=authorizer, api_key=False)
        for method, path in routes
    )
    return ServedApi(id="Api", kind="HTTP API", stage="$default", url=url or URL, routes=shown)


URL = "http://127.0.0.1:3000"


@pytest.mark.parametrize(
    ("apis", "hint"),
    [
        ([served_api(("OPTIONS", "/"), ("POST", "/events"), ("GET", "/events"))], f"curl {URL}/events"),
        ([served_api(("GET", "/events/{id}"), ("GET", "/health"))], f"curl {URL}/health"),
        ([served_api(("GET", "/events/{id}"))], f"curl {URL}/events/1"),
        ([served_api(("ANY", "$default"))], f"curl {URL}/"),
        ([served_api(("OPTIONS", "/"), ("POST", "/events"))], f"curl -X POST -d '{{}}' {URL}/events"),
        (
            [served_api(("GET", "/"), authorizer="Auth"), served_api(("POST", "/in"))],
            f"curl -X POST -d '{{}}' {URL}/in",
        ),
        ([served_api(("GET", "/"), url="https://127.0.0.1:3000")], "curl --insecure https://127.0.0.1:3000/"),
    ],
)
def test_where_apis_are_served_the_banners_call_is_the_one_of_them_that_asks_for_least(
    apis: list[ServedApi], hint: str
) -> None:
    async def test() -> None:
        async with Shown("getEvent", url="http://127.0.0.1:3001", apis=tuple(apis)) as shown:
            assert plain(shown.banner)[-2:] == [f"  {hint}", ""]

    run(test)


@pytest.mark.parametrize("columns", [44, 60])
def test_the_banner_fits_a_narrow_terminal(columns: int) -> None:
    async def test() -> None:
        api, environ = served_api(("GET", "/events/{id}/seats/{seat}")), {"COLUMNS": str(columns)}
        names = [f"HandleTheEventNumber{number}" for number in range(4)]
        async with Shown(
            *names, url="http://127.0.0.1:3001", apis=(api,), is_terminal=True, environ=environ
        ) as shown:
            lines = plain(shown.banner)
            assert max(map(len, lines)) <= columns
            words = " ".join(lines).split()
            assert {"http://127.0.0.1:3001,", "/events/{id}/seats/{seat}", "getEvent", f"{names[3]}"} <= set(words)

    run(test)


@pytest.mark.parametrize("count", [0, 1, 8, 60, 400])
def test_the_banner_fits_80_columns_and_leaves_no_function_out_in_silence(count: int) -> None:
    async def test() -> None:
        names = [f"HandleTheEventNumber{number}" for number in range(count)]
        async with Shown(*names, url="http://127.0.0.1:3001", is_terminal=True) as shown:
            lines = plain(shown.banner)
            assert max(map(len, lines)) <= 80
            assert len(lines) <= 14
            text = "\n".join(lines)
            shown_names = sum(f"{name}," in text or f"{name}\n" in text for name in names)
            more = re.search(r"and (\d+) more", text)
            assert shown_names + (int(more[1]) if more else 0) == count

    run(test)
