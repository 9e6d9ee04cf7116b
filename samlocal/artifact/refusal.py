"""Why a function's code or a layer cannot be mounted, told with the function that wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from samlocal.artifact.code.packaging import PackagingError
from samlocal.artifact.fetch.archive_error import ArchiveError
from samlocal.artifact.fetch.download import DownloadError
from samlocal.aws import AwsCallError
from samlocal.errors import CodeError, LayerError, system_reason
from samlocal.function.spec import FunctionSpec

_KINDS = {"code": (CodeError, "CodeUri"), "layer": (LayerError, "its ContentUri")}


@contextmanager
def refused(spec: FunctionSpec, kind: Literal["code", "layer"], what: str) -> Iterator[None]:
    """Names the function and ``what`` in the error. Raises CodeError or LayerError, as the kind is."""
    error_of, uri = _KINDS[kind]
    function = f"{spec.location}: {spec.logical_id}:"
    where = f"{function} {what}"
    try:
        yield
    except ArchiveError as error:
        raise error_of(f"{where} {error}.", tip=f"Pack the {kind} anew.") from error
    except PackagingError as error:
        raise error_of(
            f"{where} {error}.", tip=f"Mend {uri}; --allow-private-folders lets functions see such folders."
        ) from error
    except DownloadError as error:
        raise error_of(f"{where}: {error}", tip="Try again; nothing of it was kept.") from error
    except OSError as error:
        raise error_of(
            f"{where} cannot be read: {system_reason(error)}.", tip="Give yourself the right to it."
        ) from error
    except LayerError as error:
        raise error_of(f"{function} {error.message}", tip=error.tip) from error
    except AwsCallError as error:
        raise error_of(f"{where} cannot be had: {error.message}", tip=error.tip) from error
