"""Every attack of the security table and the tests that send it. A test's name begins with its row: ``test_a03_…``."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PLACES = ("security", "browser")
_NAME = re.compile(r"test_((?:a\d\d_)+)")

# id: (what is attacked, how many tests there are at least)
ROWS: dict[str, tuple[str, int]] = {
    "a01": ("no or default credentials", 1),
    "a02": ("a page's script, run by the server", 2),
    "a03": ("a foreign Host header, DNS rebinding of the server itself", 4),
    "a04": ("rotating X-Forwarded-For", 2),
    "a05": ("cookie attributes switched by a header", 2),
    "a06": ("forged requests, changes by GET", 7),
    "a07": ("foreign origins on sockets", 3),
    "a09": ("path traversal", 1),
    "a10": ("encoded path traversal", 2),
    "a11": ("paths in titles", 3),
    "a12": ("a cover's name and type", 1),
    "a13": ("the image proxy", 1),
    "a14": ("private links", 4),
    "a15": ("redirects into the private network", 2),
    "a16": ("IPv6 wrappers and reserved ranges", 1),
    "a17": ("names that change their mind", 2),
    "a18": ("libraries that resolve by themselves, in the transfer's process", 9),
    "a19": ("notification addresses", 2),
    "a20": ("settings that run something", 1),
    "a21": ("the library root on our own folders", 1),
    "a22": ("pickle", 1),
    "a23": ("oversized and odd packets", 3),
    "a24": ("restored backups", 1),
    "a25": ("SQL by sort and filter", 1),
    "a26": ("scripts in titles", 6),
    "a27": ("secrets that leave", 7),
    "a28": ("dead sessions", 3),
    "a29": ("routes without a check", 3),
    "a30": ("routes and events with a weaker check", 8),
    "a31": ("open redirect", 1),
    "a32": ("forged log lines", 1),
    "a33": ("memory by made-up ids", 2),
    "a34": ("options of the download library", 2),
    "a35": ("forged tokens", 3),
    "a37": ("framing and sniffing", 3),
    "a38": ("guessable tokens", 1),
    "a39": ("names that collide", 2),
    "a40": ("sign-in as load", 1),
    "a41": ("a site that never ends", 2),
    "a42": ("very long passwords", 1),
}


def named() -> dict[str, list[str]]:
    """Row → the tests that bear its number."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(one for place in PLACES for one in (TESTS / place).rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (name := _NAME.match(node.name)):
                for row in name[1].strip("_").split("_"):
                    found[row].append(f"{path.parent.name}/{path.name}::{node.name}")
    return found
