"""Values that each event has of its own: ids, receipts, checksums of what is not there."""

from __future__ import annotations

import string
import uuid
from random import Random

_ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": string.digits,
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "letters": string.ascii_letters + string.digits,
}


def fresh(description: str, random: Random) -> str:
    """``uuid``, or an alphabet and a length: ``hex 32``."""
    alphabet, _, length = description.partition(" ")
    if alphabet == "uuid":
        return str(uuid.UUID(int=random.getrandbits(128), version=4))
    return "".join(random.choices(_ALPHABETS[alphabet], k=int(length)))
