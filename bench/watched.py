"""samlocal, which tells its tasks: ``watched.py SOCKET COMMAND…``. Whoever connects is told their number.

Neither asyncio nor the kernel tells it from outside of a process.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading

from samlocal.__main__ import main


def tell(listening: socket.socket) -> None:
    while True:
        asking, _ = listening.accept()
        with asking:
            # What is over but not yet collected is none.
            gc.collect()
            count = sum(isinstance(each, asyncio.Task) and not each.done() for each in gc.get_objects())
            asking.sendall(str(count).encode())


if __name__ == "__main__":
    place = sys.argv.pop(1)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen()
    threading.Thread(target=tell, args=(listening,), daemon=True).start()
    main()
