"""The derived documentation is what the program says of itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_endpoints_and_settings_are_documented_as_they_are() -> None:
    command = [sys.executable, "tools/write_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_of_the_environment_is_documented() -> None:
    source = (ROOT / "aniworld" / "config" / "environment.py").read_text(encoding="utf-8")
    names = {f"ANIWORLD_{name}" for name in re.findall(r'env\.\w+\("([A-Z_]+)"', source)}
    documented = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in documented] == []


def test_links_between_documents_lead_somewhere() -> None:
    dead = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
        local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
        dead += [f"{page.relative_to(ROOT)}: {target}" for target in local if not (page.parent / target).exists()]
    assert dead == []
