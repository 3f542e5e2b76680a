"""What words on a page state of a video: the height of its picture, how long it lasts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.core.heights import class_of

_WORDS = {"4k": 2160, "uhd": 2160, "2k": 1440, "fhd": 1080, "full hd": 1080, "fullhd": 1080, "hd": 720, "sd": 480}
_SIZE = re.compile(r"(?<![\d.])(\d{3,4})\s*[x×*]\s*(\d{3,4})(?!\d)")
_LINES = re.compile(r"(?<![\d.,])(\d{3,4})\s*[pi](?![a-hj-z])", re.IGNORECASE)
_UNIT = r"\s*(?:[kmg]|[kmg]?i?b(?:ps|/s)?|[kmg]?bits?\b.*|[kmg]?bytes?\b.*|fps|k?hz|ms|sec\w*|min\w*|%)(?!\w)"
_NUMBER = re.compile(rf"(?<![\d.,])(\d{{3,4}})(?![\d.,]\d|\d|{_UNIT})", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_ISO = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)
_LEAST, _MOST = 100, 4320


def height_of(label: str) -> int | None:
    """The lines that a label names: ``720p``, ``1080``, ``1920x804`` (1080), ``HD`` (720), ``4K``; None for anything
    else.

    A number with another unit is none (``1000kbps``, ``60fps``), nor is a year among other words.
    """
    text = label.strip().lower()
    if size := _SIZE.search(text):
        return class_of(int(size[1]), int(size[2]))
    numbers = [int(found[1]) for found in _LINES.finditer(text)]
    numbers += [int(n[1]) for n in _NUMBER.finditer(text) if n[0] == text or not _YEAR.fullmatch(n[1])]
    found = next((number for number in numbers if _LEAST <= number <= _MOST), None)
    return found or next((lines for word, lines in _WORDS.items() if re.search(rf"\b{word}\b", text)), None)


def first_height(labels: Iterable[str]) -> str:
    """The first of the labels that states a height; empty where none does."""
    return next((label for label in labels if height_of(label)), "")


def seconds_of(text: str) -> float | None:
    """Seconds of ``1420``, ``1420.5``, ``23:40``, ``1:23:40`` or ISO 8601 ``PT23M40S``; None for anything else."""
    text = text.strip()
    if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text):
        seconds = float(text)
    elif re.fullmatch(r"(?:\d{1,2}:)?\d{1,3}:\d{2}", text):
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + int(part)
    elif text and (found := _ISO.fullmatch(text)):
        days, hours, minutes, rest = (float(part or 0) for part in found.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    else:
        return None
    return seconds if 0 < seconds < 86_400 else None
