"""What a user is told once on a machine, and what has been told there already."""

from __future__ import annotations

from pathlib import Path

from samlocal.artifact.cache import hash_of
from samlocal.artifact.image.runtime_image import Image
from samlocal.project.teller import Teller
from samlocal.records import write_record


def tell_of_image(image: Image, teller: Teller) -> None:
    """What is to be known of an image: each time, or once for its content."""
    for remark in image.remarks:
        teller.notice(remark)
    for remark in image.announced:
        teller.notice(remark, once_for=image.id)


def is_news(text: str, about: str, *, cache_folder: Path) -> bool:
    """Whether a text has not been told yet of what ``about`` names by its content. From now on it has."""
    file = cache_folder / "announced" / f"{hash_of(text, about)}.json"
    if file.exists():
        return False
    write_record(file, text)
    return True
