"""Runs the benchmarks and writes their tables, with the machine's facts, to docs/benchmarks.md: ``make bench``."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

BENCHMARKS = {
    "start": ("Start and memory", "start_bench"),
    "queue": ("The queue's bookkeeping", "queue_bench"),
    "server": ("Answers while everything is busy", "server_bench"),
    "scan": ("The scan", "scan_bench"),
    "transfer": ("The transfer", "transfer_bench"),
}
HEAD = "| what | ours | against | ratio |\n|---|---|---|---|"
TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN = "<!-- measured: written by make bench -->"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {kernel}, "
        f"Python {platform.python_version()}; load {load:.1f} at the start; {datetime.now(UTC):%Y-%m-%d}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all of them otherwise")
    names = parser.parse_args().names or list(BENCHMARKS)
    parts = [BEGIN, "", machine()]
    for name in names:
        title, module = BENCHMARKS[name]
        rows = importlib.import_module(f"benchmarks.{module}").main()
        parts += ["", f"## {title}", "", HEAD if "|---" not in "\n".join(rows) else "", *rows]
        print("\n".join(parts[-len(rows) :]), flush=True)
    text = TARGET.read_text(encoding="utf-8").split(BEGIN)[0] if TARGET.exists() else "# Benchmarks\n\n"
    TARGET.write_text(text + "\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
