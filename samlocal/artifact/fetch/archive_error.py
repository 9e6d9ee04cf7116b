"""Why an archive is refused."""

from __future__ import annotations


class ArchiveError(Exception):
    """An archive that is refused. Its text is a clause about the archive: ``holds the absolute path '/etc/x'``."""


class BrokenArchiveError(ArchiveError):
    """It is no zip, is cut off, is damaged, or is packed in a way that cannot be read."""


class EncryptedArchiveError(ArchiveError):
    """An entry needs a password."""


class AbsolutePathError(ArchiveError):
    """An entry's path starts at the root or at a drive."""


class ParentPathError(ArchiveError):
    """An entry's path goes up."""


class UnusableNameError(ArchiveError):
    """An entry's name is empty, too long, or has a NUL in it."""


class LeavingLinkError(ArchiveError):
    """A symbolic link leads out of the folder."""


class ThroughLinkError(ArchiveError):
    """An entry would be written through a symbolic link of the same archive."""


class SpecialFileError(ArchiveError):
    """A device, a pipe or a socket."""


class NameClashError(ArchiveError):
    """Two entries want the same place, or do so on this disk, which ignores case."""


class TooLargeError(ArchiveError):
    """It unzips to more than Lambda takes."""
