"""Writes the derived parts of the documentation: the endpoints in docs/api.md, all of docs/configuration.md and
docs/manual.md.

``python tools/write_docs.py`` writes, ``--check`` ends with 1 if anything would change. A test runs the check.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import click  # noqa: E402

from aniworld.app import create_app  # noqa: E402
from aniworld.cli.manual import pages  # noqa: E402
from aniworld.cli.root import root  # noqa: E402
from aniworld.config.settings import walk  # noqa: E402

BEGIN, END = "<!-- endpoints: written by tools/write_docs.py -->", "<!-- end of endpoints -->"
METHODS = ("get", "post", "put", "patch", "delete")


def endpoints() -> str:
    """A table of every endpoint, as the served OpenAPI document tells them."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"ANIWORLD_INSTANCE": folder, "ANIWORLD_MASTER_PASSWORD": "only for this document"})
        client = app.test_client()
        token = client.post("/api/auth/login", json={"password": "only for this document"}).json["access_token"]
        document = client.get("/api/openapi.json", headers={"Authorization": f"Bearer {token}"}).json
        app.extensions["aniworld"].close()
    rows = [
        f"| `{method.upper()} {path}` | {operation.get('summary', '')} |"
        for path, operations in sorted(document["paths"].items())
        for method, operation in sorted(
            operations.items(), key=lambda pair: METHODS.index(pair[0]) if pair[0] in METHODS else 9
        )
        if method in METHODS
    ]
    return "\n".join([BEGIN, "| call | what it does |", "|---|---|", *rows, END])


def configuration() -> str:
    """Every setting with its default, limits and explanation."""
    lines = [
        "# Configuration",
        "",
        (
            "Every setting, as the settings page, `PUT /api/config` and `python -m aniworld config set` take it."
            " Written by"
        ),
        (
            "`tools/write_docs.py` from `aniworld/config/settings.py`. They are kept in `config.json` in the instance"
            " folder and"
        ),
        "applied without a restart.",
    ]
    section = ""
    for name, setting, one in walk():
        if name != section:
            lines += ["", f"## {name}", "", "| setting | default | values | what it does |", "|---|---|---|---|"]
            section = name
        secret = " Kept secret." if one.metadata.get("secret") else ""
        doc = one.metadata["doc"].replace("|", "\\|")
        lines.append(f"| `{setting}` | `{default(one)}` | {limits(one)} | {doc}{secret} |")
    return "\n".join(lines) + "\n"


def manual() -> str:
    """Every command as it explains itself."""
    ctx = click.Context(root, info_name="aniworld")
    chapters = [f"## {words}\n\n```\n{page}\n```" for words, page in pages(ctx)]
    head = (
        "# Manual of the command line\n\nWritten by `tools/write_docs.py`; docs/cli.md is the short form. `aniworld`"
        " stands for `python -m aniworld`."
    )
    return "\n\n".join([head, *chapters]) + "\n"


def default(one: Field[Any]) -> str:
    value = one.default if one.default is not MISSING else one.default_factory()  # type: ignore[misc]
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value) or "empty"


def limits(one: Field[Any]) -> str:
    about = one.metadata
    if about.get("choices"):
        return ", ".join(f"`{choice}`" for choice in about["choices"])
    if "low" in about or "high" in about:
        return f"{about.get('low', '')} to {about.get('high', '')}"
    return str(about.get("kind", {"bool": "true, false"}.get(str(one.type), "text")))


def main(check: bool) -> int:
    api = ROOT / "docs" / "api.md"
    text = api.read_text(encoding="utf-8")
    wanted = {
        api: text.split(BEGIN)[0] + endpoints() + text.split(END)[-1],
        ROOT / "docs" / "configuration.md": configuration(),
        ROOT / "docs" / "manual.md": manual(),
    }
    stale = [path for path, new in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != new]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date: run python tools/write_docs.py' if check else 'written'}")
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
