"""A function as it is run: every value known, and where it came from."""

from __future__ import annotations

from msgspec import Struct, field

from samlocal.deployed.place import Place
from samlocal.function.file_systems import FileSystem
from samlocal.function.image_config import ImageConfig
from samlocal.function.logging_config import LoggingConfig
from samlocal.function.package import Code, ImageCode, Layer
from samlocal.function.variables import Variable
from samlocal.template.values import Unknown


class FunctionSpec(Struct, frozen=True, kw_only=True):
    """What is run. ``timeout`` is in seconds, ``memory`` and ``storage`` (``/tmp``) in MB.

    ``role`` is the ARN of the execution role, or why there is none.
    """

    logical_id: str
    function_name: str
    place: Place
    runtime: str | None
    handler: str | None
    architecture: str
    timeout: int
    memory: int
    storage: int
    code: Code
    layers: tuple[Layer, ...]
    variables: tuple[Variable, ...]
    role: str | Unknown
    logging: LoggingConfig
    location: str
    timeout_at: str
    memory_at: str
    file_systems: tuple[FileSystem, ...] = ()
    isolates_tenants: bool = False
    reserved_concurrency: int | None = None
    image_config: ImageConfig = field(default_factory=ImageConfig)
    notes: tuple[str, ...] = ()
    """What the user should know about how the values were found."""

    made_up: tuple[str, ...] = ()
    """The placeholders in all but the variables: in properties, and in the conditions that decided."""

    @property
    def arn(self) -> str:
        place = self.place
        return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{self.function_name}"

    @property
    def is_image(self) -> bool:
        return isinstance(self.code, ImageCode)

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The expressions that stand for nothing deployed, each once."""
        of_variables = (name for variable in self.variables for name in variable.placeholders)
        return tuple(dict.fromkeys((*of_variables, *self.made_up)))
