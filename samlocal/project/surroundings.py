"""What surrounds a project: the variables and the folders. Tests and front ends give their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Surroundings(Struct, frozen=True, kw_only=True):
    """``user`` tells whoever has an environment on this machine to themselves from all others, who share one."""

    environ: Mapping[str, str]
    cwd: Path
    user: str = ""

    def path(self, given: Path) -> Path:
        """A path that the user gave, short where it can be: messages show it as it was typed."""
        return given if self.cwd == Path.cwd() else self.cwd / given

    @property
    def cache_folder(self) -> Path:
        """SAMLOCAL_CACHE_DIR, else the user's cache folder."""
        named = self.environ.get("SAMLOCAL_CACHE_DIR")
        if named:
            return self.cwd / named
        import platformdirs

        return platformdirs.user_cache_path("samlocal")
