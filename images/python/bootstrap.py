"""Looks for modules in the order of Lambda's Python, then hands over to the runtime client.

The function's code comes first, then the layers, then the runtime's own packages. A PYTHONPATH of the user's takes
the place of the layers' folders.
"""

import os
import site
import sys

import awslambdaric.__main__ as runtime_client


def main() -> None:
    folders = [os.environ["LAMBDA_TASK_ROOT"]]
    if "PYTHONPATH" not in os.environ:
        folders += [f"/opt/python/lib/python3.{sys.version_info.minor}/site-packages", "/opt/python"]
        os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
    sys.path[:0] = folders
    for folder in folders:
        site.addsitedir(folder)  # for their .pth files
    runtime_client.main([folders[0], os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
