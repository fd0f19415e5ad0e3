"""The system's Chromium, started the same way for tests and for `make shots`."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

# Debian's package: Playwright's own download does not work everywhere.
EXECUTABLE = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB, and a tab that outgrows it dies
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def launch(playwright: Playwright) -> Browser:
    if not EXECUTABLE.exists():
        raise RuntimeError(f"There is no browser at {EXECUTABLE}: run `sudo apt-get install chromium` and try again.")
    return playwright.chromium.launch(executable_path=str(EXECUTABLE), args=FLAGS)
