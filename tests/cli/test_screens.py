"""The pictures in docs/screens show what the commands show today; ``make screens`` draws them anew."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kit
import pytest

TOOL = Path(__file__).parents[2] / "tools" / "screens"

sys.path.insert(0, str(TOOL))
try:
    screens: Any = importlib.import_module("screens")
finally:
    sys.path.remove(str(TOOL))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Project]:
    return screens.shop(tmp_path_factory.mktemp("screens"))


@pytest.mark.parametrize(
    "screen",
    [
        pytest.param(
            screen,
            id=f"{screen.name}-{screen.columns}",
            marks=[pytest.mark.docker] if screen.needs_engine else [],
        )
        for screen in screens.SCREENS
        # What needs another command first takes too long to be looked at each time.
        if not screen.before
    ],
)
def test_a_picture_shows_what_its_command_shows(screen: Any, shop: kit.Project) -> None:
    drawn = screens.lines_of(screens.picture(screen, screens.written(screen, shop)))
    assert drawn == screens.lines_of(screen.picture.read_text(encoding="utf-8"))


def test_each_picture_is_some_commands() -> None:
    assert sorted(screens.PICTURES.glob("*")) == sorted(screen.picture for screen in screens.SCREENS)


def test_pictures_fetch_nothing() -> None:
    for picture in screens.PICTURES.glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "url(http" not in text
        assert 'url("http' not in text
