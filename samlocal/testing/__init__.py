"""Functions, APIs and the environment on this machine for tests; ``samlocal.pytest_plugin`` has the fixtures.

from samlocal.testing import Application

with Application("-e", "local") as application:
    answer = application.function("getEvent")({"pathParameters": {"id": "welcome"}})
    assert answer.payload["statusCode"] == 200
"""

from samlocal.testing.answer import Answer, FunctionFailedError
from samlocal.testing.api import Api
from samlocal.testing.application import Application, Function
from samlocal.testing.environment import Environment
from samlocal.testing.events import event

__all__ = ["Answer", "Api", "Application", "Environment", "Function", "FunctionFailedError", "event"]
