"""Cover images drawn by ourselves: a gradient, a moon, and the title's initials, as PNG."""

from __future__ import annotations

import colorsys
import struct
import zlib
from functools import lru_cache

from aniworld.demo.facts import DemoSeries

WIDTH, HEIGHT = 300, 450
_FONT = {  # 5 columns by 7 rows, one number a row, the left-most column is the highest bit
    "A": (14, 17, 17, 31, 17, 17, 17),
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 15),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 21, 10),
    "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4),
    "Z": (31, 1, 2, 4, 8, 16, 31),
    "Ö": (10, 0, 14, 17, 17, 17, 14),
    "Ä": (10, 0, 14, 17, 31, 17, 17),
    "Ü": (10, 0, 17, 17, 17, 17, 14),
    "&": (12, 18, 20, 8, 21, 18, 13),
}
_SMALL_WORDS = {"der", "die", "das", "am", "im", "und", "of", "the"}
_INK = bytes((250, 248, 240))


@lru_cache(maxsize=64)
def cover(series: DemoSeries) -> bytes:
    """A PNG of 300 by 450 pixels, always the same for a series."""
    rows = _background(series.seed)
    _moon(rows, series.seed)
    _letters(rows, initials(series.title))
    return _png(rows)


def initials(title: str) -> str:
    """One to three capital letters that stand for a title."""
    words = [word for word in title.replace("-", " ").replace(":", " ").split() if word.lower() not in _SMALL_WORDS]
    return "".join(word[0].upper() for word in words if word[0].upper() in _FONT)[:3] or "A"


def _background(seed: int) -> list[bytearray]:
    """Rows of a diagonal gradient: each is a window on one long line of colours."""
    hue = seed % 360 / 360
    top, bottom = colorsys.hls_to_rgb(hue, 0.42, 0.62), colorsys.hls_to_rgb((hue + 0.13) % 1, 0.14, 0.7)
    length = WIDTH + HEIGHT
    line = b"".join(
        bytes(int(255 * (a + (b - a) * at / length)) for a, b in zip(top, bottom, strict=True)) for at in range(length)
    )
    return [bytearray(line[3 * y : 3 * (y + WIDTH)]) for y in range(HEIGHT)]


def _moon(rows: list[bytearray], seed: int) -> None:
    """A brighter disc in the upper half."""
    x, y, radius = 60 + seed // 7 % 180, 80 + seed // 11 % 90, 45 + seed // 13 % 40
    for row in range(max(0, y - radius), min(HEIGHT, y + radius)):
        half = int((radius**2 - (row - y) ** 2) ** 0.5)
        left, right = 3 * max(0, x - half), 3 * min(WIDTH, x + half)
        rows[row][left:right] = bytes(min(255, value + 55) for value in rows[row][left:right])


def _letters(rows: list[bytearray], text: str) -> None:
    dot = 12 if len(text) > 2 else 16
    left = (WIDTH - dot * (6 * len(text) - 1)) // 2
    top = HEIGHT - 7 * dot - 60
    for index, letter in enumerate(text):
        for line, bits in enumerate(_FONT[letter]):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    _block(rows, left + dot * (6 * index + column), top + dot * line, dot)


def _block(rows: list[bytearray], x: int, y: int, size: int) -> None:
    for row in rows[y : y + size]:
        row[3 * x : 3 * (x + size)] = _INK * size


def _png(rows: list[bytearray]) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
