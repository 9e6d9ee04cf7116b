"""What a user may choose about a run, whichever front end asked."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from samlocal.project.builds import BuildOptions
from samlocal.project.credentials import RightsOptions
from samlocal.sandbox.options import SandboxOptions


class Code(Enum):
    """What runs: the working copy, or the package and layers that run in the environment now."""

    LOCAL = "local"
    DEPLOYED = "deployed"


class RunOptions(Struct, frozen=True, kw_only=True):
    """``strict`` refuses placeholders, which stand in without an environment."""

    code: Code = Code.LOCAL
    strict: bool = False
    build: BuildOptions = field(default_factory=BuildOptions)
    rights: RightsOptions = field(default_factory=RightsOptions)
    sandbox: SandboxOptions = field(default_factory=SandboxOptions)
