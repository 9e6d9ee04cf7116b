"""Tells what a function sees of its sandbox."""

import os
import resource
import time
from pathlib import Path


def handler(event, context):
    first = context.get_remaining_time_in_millis()
    time.sleep(0.05)
    tmp = os.statvfs("/tmp")
    return {
        "environ": dict(os.environ),
        "user": [os.getuid(), os.getgid(), *os.getgroups()],
        "folder": str(Path.cwd()),
        "written": {folder: _written(folder) for folder in ("/tmp", "/var/task", "/", "/opt", "/etc", "/home")},
        "tmp_bytes": tmp.f_blocks * tmp.f_frsize,
        "open_files": list(resource.getrlimit(resource.RLIMIT_NOFILE)),
        "remaining": [first, context.get_remaining_time_in_millis()],
        "context": {
            name: getattr(context, name)
            for name in (
                "aws_request_id",
                "function_name",
                "function_version",
                "invoked_function_arn",
                "memory_limit_in_mb",
                "log_group_name",
                "log_stream_name",
            )
        },
    }


def _written(folder):
    path = Path(folder) / "probe"
    try:
        path.write_text("probe")
        path.unlink()
    except OSError as error:
        return error.strerror
    return "written"
