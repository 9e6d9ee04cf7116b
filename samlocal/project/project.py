"""A project held open: its functions planned, as often as anyone asks, for whichever front end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, RLock
from typing import TYPE_CHECKING, Self, TypeVar

from samlocal.engine_choice import CURRENT
from samlocal.errors import BuildError, TemplateError
from samlocal.project.account import Account
from samlocal.project.placeholders import tell_placeholders
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller
from samlocal.project.under_way import UnderWay

if TYPE_CHECKING:
    from samlocal.aws import Credentials
    from samlocal.deployed.environment import Environment
    from samlocal.engine import Engine
    from samlocal.engine.engines import Engines
    from samlocal.engine_choice import EngineChoice
    from samlocal.function.application import Application
    from samlocal.function.build_target import BuildTarget
    from samlocal.function.spec import FunctionSpec
    from samlocal.project.credentials import RightsOptions
    from samlocal.project.run_options import RunOptions
    from samlocal.project.sources import Sources
    from samlocal.sandbox.layout import SandboxSpec
    from samlocal.template.files import Files

T = TypeVar("T")


class Project:
    """One template with one environment, from its first use to ``close``.

    Nothing is read or connected before it is asked for, and the template is read anew for each question: a plan is
    one of the files as they are then. ``engines`` and the environment on this machine are kept open between plans.

    Threads may share it. AWS is asked for one of them after the other: who has two functions of one role gives the
    code of an MFA device once. Builds, downloads and pulls go on beside each other.
    """

    def __init__(self, settings: Settings, teller: Teller, *, engines: Engines | None = None) -> None:
        """``engines`` may be connected already; they are their owner's to close."""
        self.settings = settings
        self.account = Account(settings, teller)
        self.teller = teller
        self._good: Files | None = None
        self._engines = engines
        self._has_own_engines = engines is None
        self._connecting = Lock()
        self._asking = RLock()
        self._left: list[Account] = []
        self._under_way = UnderWay()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            if self._engines is not None and self._has_own_engines:
                self._engines.close()
                self._engines = None
        finally:
            for account in (*self._left, self.account):
                account.close()

    def stop_builds(self) -> None:
        """Ends what is built for plans that nobody waits for any more, from another thread: these fail."""
        self._under_way.stop()

    def settle(self, settings: Settings) -> None:
        """Goes on by other settings, in the same surroundings. A plan that is just made is made by either."""
        with self._asking:
            self._left.append(self.account)
            self.settings, self.account = settings, Account(settings, self.teller)
            self._good = None

    @property
    def engines(self) -> Engines:
        """Each is connected when the first plan wants it."""
        from samlocal.engine.engines import Engines

        with self._connecting:
            if self._engines is None:
                self._engines = Engines(self.settings.world.environ, notice=self.teller.notice)
            return self._engines

    @property
    def engine(self) -> Engine:
        """The one of whatever no other is named for. Raises EngineError."""
        return self.engines.at(CURRENT)

    def application(self, *, quietly: bool = False) -> Application:
        """The template joined with its environment; what is wrong with it is told, unless ``quietly``.

        Raises TemplateError, ConfigurationError, AwsError.
        """
        from samlocal.project.application import files_of, joined

        environment = self.account.environment(refresh=self.settings.refresh)
        return joined(self.settings, environment, self.teller, files_of(self.settings), quietly=quietly)

    def with_current_values(
        self, use: Callable[[Application], T], *, complete: Callable[[T], bool] = lambda _: True
    ) -> tuple[Application, T]:
        """The application, and what ``use`` makes of it, by values that hold now; ``use`` may be called twice.

        ``complete`` says whether nothing is missing. Where a change has broken the template, the application is the
        one of before it. Raises as ``application`` and ``use`` do.
        """

        def make(environment: Environment | None, files: Files) -> tuple[Application, T]:
            from samlocal.project.application import joined

            with self._asking:
                whole = joined(self.settings, environment, self.teller, files)
                return whole, use(whole)

        return self._current(make, complete=lambda made: complete(made[1]))

    def known_value(self, use: Callable[[Application], T], *, kind: type[T], room: str) -> T:
        """What ``use`` makes of the application, by values that hold now; not made again where nothing has changed.

        There is one value of a ``kind``, which ``room`` of samlocal decides. Raises as ``with_current_values`` does.
        """
        from samlocal.project.known_value import known_value

        def make(environment: Environment | None, files: Files) -> T:
            with self._asking:
                return known_value(self.settings, environment, self.teller, files, use, kind=kind, room=room)

        return self._current(make)

    def _current(
        self,
        make: Callable[[Environment | None, Files], T],
        *,
        complete: Callable[[T], bool] = lambda _: True,
        falls_back: bool = True,
    ) -> T:
        from samlocal.project.application import files_of, with_current_values

        def made(files: Files) -> T:
            return with_current_values(
                self.settings, self.account, self.teller, lambda there: make(there, files), complete=complete
            )

        files = files_of(self.settings)
        try:
            current = made(files)
        except TemplateError as error:
            good = self._good
            if not falls_back or good is None or files_of(self.settings).hold(good.states):
                raise
            self.teller.warning(f"{error.message} The template is used as it was before.")
            return made(good)
        self._good = files
        return current

    def keep(self, application: Application) -> None:
        """Keeps what AWS said for the next run, and says when AWS was out of reach."""
        from samlocal.project.application import keep

        keep(application.environment, self.teller)

    def plan(
        self,
        function_id: str,
        options: RunOptions | None = None,
        *,
        accept: Callable[[FunctionSpec], None] = lambda _: None,
        sources: Sources | None = None,
        falls_back: bool = True,
    ) -> SandboxSpec:
        """All that a sandbox of the function is made of, built, fetched and pulled where that is needed.

        ``accept`` sees the function before that, and may refuse it. ``sources`` is filled with what the plan is made
        from. A template that a change has broken is used as it was before, if the plan ``falls_back``. Raises as
        ``accept`` and the rooms below do; the role's own refusals are ``credentials.RoleNotKnownError`` and
        ``RoleRefusedError``.
        """
        from samlocal.project.run_options import RunOptions

        chosen = options or RunOptions()

        def make(environment: Environment | None, files: Files) -> SandboxSpec:
            if sources is None:
                return self._planned(environment, files, function_id, chosen, accept)
            try:
                return self._planned(environment, files, function_id, chosen, accept, sources)
            finally:
                sources.add_files(files.states)

        if sources is not None:
            sources.add_settings(self.settings)
            sources.add_files([self.settings.template])
        return self._current(make, falls_back=falls_back)

    def role_credentials(self, role_arn: str, rights: RightsOptions) -> Credentials:
        """Keys of a role that an API calls AWS under. Raises as ``credentials.role_credentials`` does."""
        from samlocal.project.credentials import role_credentials

        with self._asking:
            environment = self.account.environment(refresh=False)
            return role_credentials(self.settings, self.account, environment, role_arn, rights)

    def _planned(
        self,
        environment: Environment | None,
        files: Files,
        function_id: str,
        options: RunOptions,
        accept: Callable[[FunctionSpec], None],
        sources: Sources | None = None,
    ) -> SandboxSpec:
        from samlocal.artifact.cache import Cache
        from samlocal.engine.engines import wanted
        from samlocal.project.application import keep
        from samlocal.project.credentials import function_credentials
        from samlocal.project.run_options import Code
        from samlocal.sandbox.plan import sandbox_spec

        settings, teller = self.settings, self.teller
        with self._asking:
            function, application, targets = self._evaluated(
                environment, files, function_id, engines=options.sandbox.engines
            )
        accept(function)
        tell_placeholders(function, teller, strict=options.strict, local=settings.is_local)
        match options.code:
            case Code.DEPLOYED:
                from samlocal.function.deployed_package import with_deployed_package

                owner, _ = application().find(function_id)
                function = with_deployed_package(function, owner.environment)
            case Code.LOCAL:
                from samlocal.project.builds import with_builds

                unbuilt = function
                try:
                    function = with_builds(
                        settings, function, targets, options.build, teller, under_way=self._under_way
                    )
                except BuildError:
                    if sources is not None:
                        sources.add_builds(targets())
                    raise
                if sources is not None and function is not unbuilt:
                    sources.add_builds(targets())
        if sources is not None:
            sources.add_function(function)
        with self._asking:
            credentials = function_credentials(
                settings, self.account, environment, application, function, options.rights, teller
            )
        keep(environment, teller)
        names = (function_id, function.logical_id, function.function_name)
        named = options.sandbox.engines.of(names, function.architecture)
        with wanted(named, by=function.logical_id), teller.progress() as progress:
            spec = sandbox_spec(
                function,
                engine=self.engines.of(named),
                named_engine=named,
                cache=Cache(settings.world.cache_folder),
                credentials=credentials,
                options=options.sandbox,
                progress=progress.pulled,
                notice=teller.notice,
            )
        if sources is not None:
            sources.add_links(function, spec)
        return spec

    def _evaluated(
        self, environment: Environment | None, files: Files, function_id: str, *, engines: EngineChoice
    ) -> tuple[FunctionSpec, Callable[[], Application], Callable[[], tuple[BuildTarget, ...]]]:
        """A function, and the ways to its application and to what there is to build of it, for whoever needs them."""
        from samlocal.project.application import joined
        from samlocal.project.given_variables import given_variables
        from samlocal.project.known_plan import known_plan, record_plan, recorded

        settings, teller = self.settings, self.teller
        record = recorded(settings, function_id, environment, files)
        given = given_variables(settings, teller) if record is not None else None
        known = known_plan(record, settings, environment, given or ()) if record is not None else None
        if known is not None:
            for problem in known.problems:
                teller.warning(problem)
            return (
                known.function,
                lambda: joined(settings, environment, teller, files, given=given, quietly=True),
                lambda: known.targets,
            )

        from samlocal.function.template_builds import function_targets
        from samlocal.project.unknown_engines import unknown_engines

        application = joined(settings, environment, teller, files, given=given)
        function = application.function(function_id)
        for _, what in unknown_engines(engines, application):
            teller.warning(what)
        record_plan(settings, function_id, application, function)
        return function, lambda: application, lambda: function_targets(application, function_id, function)
