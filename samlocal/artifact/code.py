"""The folder that stands at /var/task."""

from __future__ import annotations

from pathlib import Path

from samlocal.artifact.cache import Cache, hash_of
from samlocal.errors import CodeError
from samlocal.function.package import ImageCode, InlineCode, LocalCode, S3Code
from samlocal.function.spec import FunctionSpec


def code_folder(spec: FunctionSpec, cache: Cache) -> Path:
    """The function's code as a folder of this machine. Raises CodeError where there is none."""
    match spec.code:
        case LocalCode(path=path):
            return _local(spec, path)
        case InlineCode(source=source):
            return _inline(spec, source, cache)
        case S3Code(bucket=bucket, key=key):
            raise CodeError(
                f"{spec.location}: {spec.logical_id}: its code lies in s3://{bucket}/{key}, "
                "which samlocal does not fetch yet.",
                tip="Point CodeUri at the local source.",
            )
        case ImageCode():
            raise CodeError(f"{spec.location}: {spec.logical_id}: image functions do not run in samlocal yet.")


def _local(spec: FunctionSpec, path: Path) -> Path:
    folder = path.resolve()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise CodeError(
            f"{spec.location}: {spec.logical_id}: samlocal does not unpack the archive {path} yet.",
            tip="Point CodeUri at the folder it was made from.",
        )
    raise CodeError(
        f"{spec.location}: {spec.logical_id}: there is no code at {path}.",
        tip="Mend CodeUri, or build the function first.",
    )


def _inline(spec: FunctionSpec, source: str, cache: Cache) -> Path:
    """Inline source becomes ``index`` with the runtime's ending (CloudFormation, AWS::Lambda::Function Code)."""
    runtime = spec.runtime or ""
    ending = "py" if runtime.startswith("python") else "js" if runtime.startswith("nodejs") else None
    if ending is None:
        raise CodeError(
            f"{spec.location}: {spec.logical_id}: inline code is for Python and Node, not for {runtime}.",
            tip="Put the source into a file and name it with CodeUri.",
        )

    def make(folder: Path) -> None:
        (folder / f"index.{ending}").write_text(source, encoding="utf-8")

    return cache.entry("inline", hash_of(source, ending), make)
