"""Which class (480p, 1080p …) a picture belongs to: the nearest one, not its exact height.

Encoders round heights up (1920×1088), films are cut to wide screens (1920×804), old series are narrow (1440×1080),
phones film upright (1080×1920). So the class is that of the 16:9 picture that holds this one. Only a height that is
exactly a class is that class in any case: a very wide 2560×1080 is sold as 1080p.
"""

from __future__ import annotations

import re

CLASSES = (144, 180, 240, 360, 480, 720, 1080, 1440, 2160, 4320)
_IN_NAME = re.compile(r"(?<![0-9A-Za-z])([0-9]{3,4})p(?![0-9A-Za-z])")
_SAME = 0.06  # how far from a class a picture is still called by its name


def lines_of(width: float | None, height: float | None) -> float:
    """The height of the 16:9 picture that holds this one; 0 if neither side is known."""
    short, long = sorted((width or 0, height or 0))
    if not short:
        return height or (width or 0) * 9 / 16
    return max(short, long * 9 / 16)


def class_of(width: float | None, height: float | None) -> int:
    """The class of an exact height, however wide the picture is (2560×1080); else the nearest of ``CLASSES``. 0 if
    neither side is known.
    """
    if exact := _exact(width, height):
        return exact
    lines = lines_of(width, height)
    return min(CLASSES, key=lambda one: abs(one - lines)) if lines else 0


def _exact(width: float | None, height: float | None) -> int:
    """The class that the shorter side is exactly; 0 if it is none, or if a side is unknown."""
    short = min(width or 0, height or 0)
    return next((one for one in CLASSES if one == short), 0)


def label_of(width: int | None, height: int | None) -> str:
    """``1080p`` for 1920×804; ``576p`` for 1024×576, which is near to no class; empty if nothing is known."""
    nearest, lines = class_of(width, height), lines_of(width, height)
    if not nearest:
        return ""
    if _exact(width, height):
        return f"{nearest}p"
    return f"{nearest if abs(lines - nearest) <= _SAME * nearest else height or round(lines)}p"


def nominal_height(width: int | None, height: int | None) -> int | None:
    """The height that a picture is sold as: 1080 for 1920×804. None where neither size is known."""
    label = label_of(width, height)
    return int(label[:-1]) if label else None


def height_in(name: str) -> int | None:
    """The last height that a file's name states: 1080 for ``Folge 1 [1080p].mkv``. None where it states none."""
    found = _IN_NAME.findall(name)
    return int(found[-1]) if found else None


def limit_of(quality: str) -> int | None:
    """The class that a wished quality such as ``1080p`` names; None for ``best`` and ``worst``."""
    digits = quality.removesuffix("p")
    return class_of(None, int(digits)) if quality.endswith("p") and digits.isascii() and digits.isdigit() else None


def beyond(limit: int) -> int:
    """The lines from which on a picture belongs to a higher class than ``limit``."""
    higher = next((one for one in CLASSES if one > limit), None)
    return (limit + higher) // 2 + 1 if higher else 1_000_000
