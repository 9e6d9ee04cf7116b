"""The folder that stands at /var/task."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.artifact.code.deployed import deployed
from samlocal.artifact.code.difference import difference
from samlocal.artifact.code.packaged import is_own_build, packaged
from samlocal.artifact.code.single_file import is_single_file, single_file
from samlocal.artifact.fetch.stored import stored
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.fetch.unpacked import Unpacked, local_archive, warn_of_unreadable
from samlocal.artifact.refusal import refused
from samlocal.errors import CodeError
from samlocal.function.package import SERVERLESS_FOLDER, DeployedCode, ImageCode, InlineCode, LocalCode, S3Code
from samlocal.function.spec import FunctionSpec

TASK = "/var/task"

_ARCHIVES, _INLINE = "code", "inline"
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".rb")
_HERE = Path(__file__).parent

# What CloudFormation puts beside inline code that names it (CloudFormation user guide, "cfn-response module").
_RESPONSE = {"py": ("cfnresponse", "cfnresponse.py"), "js": ("cfn-response", "cfn-response.js")}


class Code(Struct, frozen=True, kw_only=True):
    """What stands at /var/task. ``size`` is in bytes, None for a folder of the user's own, not measured yet."""

    folder: Path
    size: int | None = None


def code_folder(spec: FunctionSpec, supply: ArtifactStore) -> Code | None:
    """The function's code as a folder of this machine, None for an image function, which brings its own.

    Raises CodeError where there is none, and AwsError.
    """
    match spec.code:
        case LocalCode(path=path):
            return _local(spec, path, supply)
        case InlineCode(source=source):
            return _inline(spec, source, supply)
        case S3Code() as code:
            with refused(spec, "code", f"its code s3://{code.bucket}/{code.key}"):
                found = stored(code, supply, supply.cache, region=spec.place.region, mounted_at=TASK)
            supply.notice(f"{spec.logical_id} runs the code in s3://{code.bucket}/{code.key}.")
            return _unpacked(found, supply)
        case DeployedCode() as code:
            with refused(spec, "code", f"the package that runs as {code.function}"):
                found = deployed(code, supply, region=spec.place.region, mounted_at=TASK)
            supply.notice(
                f"{spec.logical_id} runs the package that is deployed as {code.function} (SHA-256 "
                f"{found.sha256[:12]}…): {_compared(spec, found, code, supply)}."
            )
            return _unpacked(found, supply)
        case ImageCode():
            return None


def _local(spec: FunctionSpec, path: Path, supply: ArtifactStore) -> Code:
    there = path.resolve()
    if is_own_build(there, supply.cache):
        return Code(folder=there)
    if there.is_dir():
        with refused(spec, "code", f"its code {path}"):
            own = packaged(there, supply.cache, mounted_at=TASK, private=supply.private)
        for remark in own.remarks:
            supply.notice(f"{spec.logical_id}: {remark}.")
        return Code(folder=own.folder, size=own.size)
    if there.is_file():
        with refused(spec, "code", f"its code {path}"):
            if is_single_file(there):
                return Code(folder=single_file(there, supply.cache), size=there.stat().st_size)
            if saved := _saved_since(spec, there):
                supply.notice(
                    f"{spec.logical_id}: {saved} has been saved since {path} was packed, which is what runs: "
                    f"`serverless package` packs it anew."
                )
            return _unpacked(local_archive(there, supply.cache, _ARCHIVES, mounted_at=TASK), supply)
    raise CodeError(
        f"{spec.location}: {spec.logical_id}: there is no code at {path}.",
        tip="Mend CodeUri, or build the function first.",
    )


def _saved_since(spec: FunctionSpec, archive: Path) -> str | None:
    """The handler's own file, if the Serverless Framework has packed the service and not what it says now."""
    if archive.parent.name != SERVERLESS_FOLDER or spec.handler is None:
        return None
    named = archive.parent.parent / spec.handler.rpartition(".")[0]
    packed = archive.stat().st_mtime
    for ending in _SOURCES:
        source = named.with_name(f"{named.name}{ending}")
        if source.is_file() and source.stat().st_mtime > packed:
            return str(source.relative_to(archive.parent.parent))
    return None


def _unpacked(found: Unpacked, supply: ArtifactStore) -> Code:
    warn_of_unreadable(found.origin, found, supply.notice)
    return Code(folder=found.folder, size=found.size)


def _inline(spec: FunctionSpec, source: str, supply: ArtifactStore) -> Code:
    """Inline source becomes ``index`` with the runtime's ending (CloudFormation, AWS::Lambda::Function Code)."""
    runtime = spec.runtime or ""
    ending = "py" if runtime.startswith("python") else "js" if runtime.startswith("nodejs") else None
    if ending is None:
        raise CodeError(
            f"{spec.location}: {spec.logical_id}: inline code is for Python and Node, not for {runtime}.",
            tip="Put the source into a file and name it with CodeUri.",
        )
    module, file = _RESPONSE[ending]

    def make(folder: Path) -> None:
        (folder / f"index.{ending}").write_text(source, encoding="utf-8")
        if module in source:
            shutil.copyfile(_HERE / "inline" / file, folder / file)
        for made in folder.iterdir():
            made.chmod(0o644)

    key = hash_of(source, ending, (_HERE / "inline" / file).read_text(encoding="utf-8") if module in source else "")
    return Code(folder=supply.cache.entry(_INLINE, key, make), size=len(source.encode()))


def _compared(spec: FunctionSpec, found: Unpacked, code: DeployedCode, supply: ArtifactStore) -> str:
    """How the deployed package differs from what the template names, as a clause."""
    match code.working_copy:
        case LocalCode(path=path):
            try:
                here = _local(spec, path, supply)
            except CodeError:
                return f"there is no working copy at {path} to compare it with"
        case InlineCode(source=source):
            here = _inline(spec, source, supply)
        case S3Code(bucket=bucket, key=key):
            return f"the template's own, s3://{bucket}/{key}, is not on this machine to compare it with"
    try:
        return difference(found.folder, here.folder).text()
    except OSError as error:
        return f"it cannot be compared with the working copy ({error})"
