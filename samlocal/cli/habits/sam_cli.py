"""SAM CLI's options, command by command: what each of them is here.

The one home of these facts: the command line answers by them, docs/from-sam-cli.md is made of them (``make pages``),
and a test holds them against the list of SAM CLI's own options. Source: `sam … --help` of the VERSION below.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.cli.habits.ways import Always, Instead, Means, Other, Same, Way

VERSION = "1.170.0"
"""SAM CLI's."""

Options = Mapping[str, Way]
"""By each spelling that stands for itself; a ``--no-…`` is one of its own."""

_TERRAFORM = Instead("samlocal reads SAM's, CloudFormation's and CDK's templates; Terraform's plans it does not.")
_REACHED = Instead("Nothing connects to a container here, it fetches its events from samlocal: leave it out.")
_BUILDS = Instead("Builds stay in samlocal's cache (SAMLOCAL_CACHE_DIR); `samlocal build` shows the folder of each.")
_IMAGE = Instead("Name the image of a runtime: --image RUNTIME=IMAGE.")
_FOLDERS = Instead("What the engine does not see of this machine is brought to it by samlocal: leave it out.")
_RUNTIME = Instead("A function runs in its template's Runtime: change it there.")
_CERTIFICATE = Instead("--tls serves by https, with a certificate of samlocal's own.")
_BUILD_VARIABLES = Instead("What package managers are set by (proxies, indexes) reaches every build by itself.")
_LINKS = Instead("A link is what it is in the deployed package, always.")

_SETTINGS: Options = {
    "--config-env": Same("It is --env-name, too, and names the deployed environment whose values functions get."),
    "--config-file": Same(),
    "--save-params": Instead("Write it into samconfig.toml, by its long name: [ENV.samlocal.parameters]."),
    "--beta-features": Instead("It turns on what SAM CLI tries out; samlocal has nothing of the kind: leave it out."),
    "--no-beta-features": Always("There are none."),
    "--debug": Means("--verbose"),
    "--help": Same("-h, too."),
}
_ACCOUNT: Options = {"--profile": Same("It is --aws-profile, too."), "--region": Same()}
_TEMPLATE: Options = {"--template-file": Same(), "--template": Same(), "-t": Same()}
_LANGUAGE: Options = {
    "--language-extensions": Always("Extensions are expanded where the template's Transform names them."),
    "--no-language-extensions": Instead("Take AWS::LanguageExtensions out of the template's Transform."),
}
_HOOKS: Options = {"--hook-name": _TERRAFORM, "--skip-prepare-infra": _TERRAFORM, "--prepare-infra": _TERRAFORM}

_RUNS: Options = {
    **_HOOKS,
    "--terraform-plan-file": _TERRAFORM,
    **_TEMPLATE,
    "--env-vars": Same(),
    "-n": Other("--env-vars", "the deployed stack"),
    "--parameter-overrides": Same("In both of SAM CLI's forms."),
    "--debug-port": Same(),
    "-d": Same(),
    "--debugger-path": Same(),
    "--debug-args": Same(),
    "--container-env-vars": Instead("A debugged function has the variables that it always has: --set, --env-vars."),
    "--docker-volume-basedir": _FOLDERS,
    "-v": Other("", "--verbose"),
    "--log-file": Same("The function's log alone: the payload stays on standard output."),
    "-l": Same(),
    "--layer-cache-basedir": Same(),
    "--skip-pull-image": Same(),
    "--docker-network": Same(),
    "--force-image-build": Same("Layers are fetched anew; no image is built for them."),
    "--shutdown": Always("A sandbox that ends has its extensions shut down, as Lambda does."),
    "--container-host": _REACHED,
    "--container-host-interface": _REACHED,
    "--add-host": Same(),
    "--container-dns": Instead("Set `dns` in the engine's daemon.json; --add-host NAME:IP has a single name known."),
    "--invoke-image": _IMAGE,
    "-ii": _IMAGE,
    "--no-memory-limit": Instead("A function has the memory of its template, as on Lambda: raise its MemorySize."),
    **_LANGUAGE,
    **_SETTINGS,
    **_ACCOUNT,
}
_SERVES: Options = {
    "--host": Same(),
    "--port": Same(),
    "-p": Same(),
    "--warm-containers": Instead("Sandboxes stay warm by themselves, as by LAZY; --warm FUNCTION=1 is EAGER."),
    "--debug-function": Same(),
    "--no-watch": Means("--no-reload"),
}

_LISTS: Options = {
    "--stack-name": Same("-n, too."),
    "--output": Same(),
    **_TEMPLATE,
    "--parameter-overrides": Same("In both of SAM CLI's forms."),
    **_SETTINGS,
    **_ACCOUNT,
}

OPTIONS: Mapping[str, Options] = {
    "local invoke": {
        "--event": Same(),
        "-e": Other("--event", "the environment"),
        "--no-event": Always("The event is {} unless --event says another."),
        "--runtime": _RUNTIME,
        "-r": _RUNTIME,
        "--tenant-id": Same(),
        "--durable-execution-name": Instead("samlocal runs no durable executions."),
        "--mount-symlinks": Always("A link is what it is in the deployed package."),
        "--no-mount-symlinks": _LINKS,
        **_RUNS,
    },
    "local start-api": {
        "--static-dir": Same(),
        "-s": Same(),
        "--disable-authorizer": Same(),
        "--ssl-cert-file": _CERTIFICATE,
        "--ssl-key-file": _CERTIFICATE,
        **_SERVES,
        **_RUNS,
    },
    "local start-lambda": {**_SERVES, **_RUNS},
    "build": {
        **_HOOKS,
        "--terraform-project-root-path": _TERRAFORM,
        "--use-container": Means("--build-in-container"),
        "-u": Means("--build-in-container"),
        "--no-use-container": Always("Builds are made on this machine unless --build-in-container is given."),
        "--use-buildkit": Instead("The images of functions are built by the engine's own builder: leave it out."),
        "--no-use-buildkit": Always("The images of functions are built by the engine's own builder."),
        "--build-in-source": Instead("Builds are made beside the sources, which stay as they are."),
        "--no-build-in-source": Always("Builds are made beside the sources."),
        "--container-env-var": _BUILD_VARIABLES,
        "-e": Other("an environment variable of the build", "the environment"),
        "--container-env-var-file": _BUILD_VARIABLES,
        "-ef": Other("a file of environment variables of the build", "the environment `f`"),
        "--build-image": Same(),
        "-bi": Means("--build-image"),
        "--exclude": Instead("Name what is to be built: `samlocal build ID …`"),
        "-x": Instead("Name what is to be built: `samlocal build ID …`"),
        "--parallel": Always("Builds that need not wait for each other run at once."),
        "-p": Always("Builds that need not wait for each other run at once."),
        "--mount-with": Instead("A build in a container writes into samlocal's cache, never into the sources."),
        "-mw": Instead("A build in a container writes into samlocal's cache, never into the sources."),
        "--mount-symlinks": _LINKS,
        "--no-mount-symlinks": _LINKS,
        "--build-dir": _BUILDS,
        "-b": _BUILDS,
        "--cache-dir": _BUILDS,
        "-cd": _BUILDS,
        "--base-dir": Instead("A CodeUri is relative to its template, as for `sam deploy`."),
        "-s": Instead("A CodeUri is relative to its template, as for `sam deploy`."),
        "--manifest": Instead("The manifest stands with the sources, where `sam build` looks for it by itself."),
        "-m": Instead("The manifest stands with the sources, where `sam build` looks for it by itself."),
        "--cached": Always("What has not changed is not built again."),
        "-c": Always("What has not changed is not built again."),
        "--no-cached": Means("--force"),
        **_TEMPLATE,
        "--parameter-overrides": Same("In both of SAM CLI's forms."),
        "--skip-pull-image": Same(),
        "--docker-network": Same(),
        "--output": Same("`text` is called `table`."),
        **_LANGUAGE,
        **_SETTINGS,
        **_ACCOUNT,
    },
    "list endpoints": _LISTS,
    "list resources": _LISTS,
}  # fmt: skip

HERE: Mapping[str, tuple[str, ...]] = {
    "invoke": ("local invoke",),
    "watch": ("local invoke",),
    "start-api": ("local start-api",),
    "start-lambda": ("local start-lambda",),
    "up": ("local start-api", "local start-lambda"),
    "build": ("build",),
    "list": ("list endpoints", "list resources"),
}
"""samlocal's commands, and those of SAM CLI's that they stand for."""
