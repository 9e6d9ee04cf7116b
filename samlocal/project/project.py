"""A project held open: its functions planned, as often as anyone asks, for whichever front end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Self, TypeVar

from samlocal.errors import TemplateError
from samlocal.project.account import Account
from samlocal.project.placeholders import tell_placeholders
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller

if TYPE_CHECKING:
    from samlocal.engine import Engine
    from samlocal.function.application import Application
    from samlocal.function.spec import FunctionSpec
    from samlocal.project.run_options import RunOptions
    from samlocal.sandbox.layout import SandboxSpec
    from samlocal.template.files import Files

T = TypeVar("T")


class Project:
    """One template with one environment, from its first use to ``close``.

    Nothing is read or connected before it is asked for, and the template is read anew for each question: a plan is
    one of the files as they are then. ``engine`` and the environment on this machine are kept open between plans.
    """

    def __init__(self, settings: Settings, teller: Teller) -> None:
        self.settings = settings
        self.account = Account(settings, teller)
        self._teller = teller
        self._good: Files | None = None
        self._engine: Engine | None = None
        self._connecting = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
        finally:
            self.account.close()

    @property
    def engine(self) -> Engine:
        """Raises EngineError."""
        from samlocal.engine import Engine

        with self._connecting:
            if self._engine is None:
                self._engine = Engine.connect(self.settings.world.environ, notice=self._teller.notice)
            return self._engine

    def application(self, *, quietly: bool = False) -> Application:
        """The template joined with its environment; what is wrong with it is told, unless ``quietly``.

        Raises TemplateError, ConfigurationError, AwsError.
        """
        from samlocal.project.application import joined
        from samlocal.template.files import Files

        environment = self.account.environment(refresh=self.settings.refresh)
        return joined(self.settings, environment, self._teller, Files(), quietly=quietly)

    def with_current_values(
        self, use: Callable[[Application], T], *, complete: Callable[[T], bool] = lambda _: True
    ) -> tuple[Application, T]:
        """The application, and what ``use`` makes of it, by values that hold now; ``use`` may be called twice.

        ``complete`` says whether nothing is missing. Where a change has broken the template, the application is the
        one of before it. Raises as ``application`` and ``use`` do.
        """
        from samlocal.project.application import with_current_values
        from samlocal.template.files import Files, hold

        def made(files: Files) -> tuple[Application, T]:
            return with_current_values(self.settings, self.account, self._teller, use, files, complete=complete)

        files = Files()
        try:
            current = made(files)
        except TemplateError as error:
            good = self._good
            if good is None or hold(good.states):
                raise
            self._teller.warning(f"{error.message} The template is used as it was before.")
            return made(good)
        self._good = files
        return current

    def keep(self, application: Application) -> None:
        """Keeps what AWS said for the next run, and says when AWS was out of reach."""
        from samlocal.project.application import keep

        keep(application, self._teller)

    def plan(
        self,
        function_id: str,
        options: RunOptions | None = None,
        *,
        accept: Callable[[FunctionSpec], None] = lambda _: None,
    ) -> SandboxSpec:
        """All that a sandbox of the function is made of, built, fetched and pulled where that is needed.

        ``accept`` sees the function before that, and may refuse it. Raises as ``accept`` and the rooms below do; the
        role's own refusals are ``credentials.RoleNotKnownError`` and ``RoleRefusedError``.
        """
        from samlocal.project.run_options import RunOptions

        chosen = options or RunOptions()
        _, spec = self.with_current_values(
            lambda application: self._planned(application, function_id, chosen, accept)
        )
        return spec

    def _planned(
        self,
        application: Application,
        function_id: str,
        options: RunOptions,
        accept: Callable[[FunctionSpec], None],
    ) -> SandboxSpec:
        from samlocal.artifact.cache import Cache
        from samlocal.project.credentials import function_credentials
        from samlocal.project.run_options import Code
        from samlocal.sandbox.plan import sandbox_spec

        settings, teller = self.settings, self._teller
        function = application.function(function_id)
        accept(function)
        tell_placeholders(function, teller, strict=options.strict, local=settings.is_local)
        match options.code:
            case Code.DEPLOYED:
                from samlocal.function.deployed_package import with_deployed_package

                owner, _ = application.find(function_id)
                function = with_deployed_package(function, owner.environment)
            case Code.LOCAL:
                from samlocal.project.builds import with_builds

                function = with_builds(settings, application, function_id, function, options.build, teller)
        credentials = function_credentials(settings, self.account, application, function, options.rights, teller)
        self.keep(application)
        engine = self.engine
        with teller.progress() as progress:
            return sandbox_spec(
                function,
                engine=engine,
                cache=Cache(settings.world.cache_folder),
                credentials=credentials,
                options=options.sandbox,
                progress=progress.pulled,
                notice=teller.notice,
            )
