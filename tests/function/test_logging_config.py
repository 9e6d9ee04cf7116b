"""``LoggingConfig`` as Lambda takes it (Lambda API reference, "LoggingConfig")."""

from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.errors import TemplateError
from samlocal.function.application import application
from samlocal.function.logging_config import LogFormat, LoggingConfig, LogLevel
from samlocal.template.reader import parse


def logging_of(own: str, *, globals_: str = "") -> LoggingConfig:
    text = (
        "Parameters:\n  Level: {Type: String, Default: WARN}\n"
        + (f"Globals:\n  Function:\n    {globals_}\n" if globals_ else "")
        + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Runtime: python3.11\n      Handler: app.handler\n{own}"
    )
    document = parse(text, path=Path("template.yaml"))
    spec = application(document, environment=None, region="eu-west-1", flags={}, configured={}).function("Fn")
    return spec.logging


def test_without_a_word_a_function_logs_text_into_its_own_group() -> None:
    found = logging_of("")
    assert (found.group, found.format) == ("/aws/lambda/Fn", LogFormat.TEXT)
    assert found.variables == {}


def test_a_json_log_is_filtered_at_info_unless_it_says_otherwise() -> None:
    found = logging_of("      LoggingConfig: {LogFormat: JSON}\n")
    assert (found.application_level, found.system_level) == (LogLevel.INFO, LogLevel.INFO)
    assert found.variables == {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}


def test_globals_and_parameters_count_key_by_key() -> None:
    found = logging_of(
        "      LoggingConfig: {ApplicationLogLevel: !Ref Level, LogGroup: orders/logs}\n",
        globals_="LoggingConfig: {LogFormat: JSON, SystemLogLevel: DEBUG, ApplicationLogLevel: TRACE}",
    )
    assert found == LoggingConfig(
        group="orders/logs",
        format=LogFormat.JSON,
        application_level=LogLevel.WARN,
        system_level=LogLevel.DEBUG,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{LogFormat: json}", "LogFormat is Text, JSON, got 'json'"),
        ("{LogFormat: JSON, ApplicationLogLevel: VERBOSE}", "ApplicationLogLevel is TRACE, DEBUG, INFO, WARN, ERROR"),
        ("{LogFormat: JSON, SystemLogLevel: ERROR}", "SystemLogLevel is DEBUG, INFO, WARN, got ERROR"),
        ("{LogFormat: Text, ApplicationLogLevel: INFO}", "a log level needs LogFormat: JSON"),
        ("{SystemLogLevel: DEBUG}", "a log level needs LogFormat: JSON"),
        ("{LogGroup: 'with space'}", "LogGroup is up to 512"),
        ("{LogFomat: JSON}", "LoggingConfig has no LogFomat"),
        ("[JSON]", "LoggingConfig needs a mapping"),
    ],
)
def test_what_lambda_refuses_is_refused_with_its_line(given: str, words: str) -> None:
    with pytest.raises(TemplateError, match=r"^template\.yaml:9: Fn: ") as raised:
        logging_of(f"      LoggingConfig: {given}\n")
    assert words in raised.value.message
