"""Pictures of every page for docs/screenshots: light, dark and on a phone, of a demo that is started for it.

python tools/screenshots.py [--only library,queue]
"""

from __future__ import annotations

import argparse
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the tools are no package

from aniworld.library.files.recycle_bin import RecycleBin  # noqa: E402
from tools.check_machine import BY_NAME, advice  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERIES = "/series/sternenfaehre-nautilus-zwoelf"
PAGES = {
    "login": "/login",
    "library": "/",
    "series": SERIES,
    "search": "/search?q=a",
    "queue": "/queue",
    "scan": "/scan",
    "calendar": "/calendar",
    "settings": "/settings/download",
    "naming": "/settings/library",
    "tracking": "/settings/tracking",
    "recycle": "/settings/recycle",
    "access": "/settings/access",
    "system": "/system",
    "log": "/system#log-title",
}
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "light", "locale": "de-DE"},
}
START_WITHIN_S = 180.0


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Address and password of a fresh demo; it ends with the block."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "aniworld", "--instance", f"{folder}/demo", "demo", "--port", str(port)]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process)
            fill_the_bin(Path(folder) / "demo" / "library")
            yield url, re.search(r"password is (\S+)", log.read_text())[1]  # type: ignore[index]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def fill_the_bin(library: Path) -> None:
    """Something to bring back: an episode that was replaced, and one that was removed."""
    for name, reason in (
        ("Lautlos im Nebelwald - S01E02 - Der dritte Ruf.mp4", "replaced"),
        ("Kupferherz - S01E01 - Das Uhrwerk.mp4", "Kupferherz was removed"),
    ):
        path = library / name
        path.write_bytes(bytes(1_800_000))
        RecycleBin(library).put(path, reason=reason)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)  # nothing to wait on: the demo tells by answering
    raise SystemExit("The demo did not start.")


def sign_in(browser: Browser, url: str, password: str) -> dict:
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/login")
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".rail")
    page.goto(SERIES)
    page.click("[data-action=queue-missing]")
    page.wait_for_selector(".toast-card")
    state = context.storage_state()
    context.close()
    return dict(state)


def picture(page: Page, name: str, look: str) -> None:
    page.goto(PAGES[name])
    page.wait_for_load_state("load")
    page.wait_for_timeout(2500 if name == "queue" else 700)
    page.wait_for_function(
        "() => [...document.images].every((one) => one.complete || one.getBoundingClientRect().top > innerHeight)"
    )
    page.screenshot(path=FOLDER / f"{name}-{look}.png", animations="disabled")


def chromium() -> str:
    """The browser that the tests use. Ends the program with advice where there is none."""
    program = BY_NAME["Chromium"]
    found = program.path()
    if found is None:
        raise SystemExit(f"{advice(program)}.")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PAGES), help="pages, with commas between")
    wanted = parser.parse_args().only.split(",")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        state = sign_in(browser, url, password)
        for look, options in LOOKS.items():
            for name in wanted:
                cookies = {} if name == "login" else {"storage_state": state}
                context = browser.new_context(base_url=url, **cookies, **options)
                picture(context.new_page(), name, look)
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
