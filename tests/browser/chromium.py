"""A real Chromium: the machine's own, or Debian's package, which root gets installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

LOCK = Path(tempfile.gettempdir()) / "ivrserver-tests-chromium.lock"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CALLING = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
"""More flags: a microphone that everybody may use, and sound that nobody has to ask for."""


class NoBrowser(Exception):
    """There is no Chromium, and it cannot be installed; says what to do."""


def find() -> str:
    """The path of a Chromium.

    Raises:
        NoBrowser: there is none.
    """
    path = _found()
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        # Tests run in several processes: one of them installs it, the others wait.
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _found() is None:
                _install()
        path = _found()
    if path is None:
        raise NoBrowser("browser tests need Chromium; as root: apt-get install chromium")
    return path


def _found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def _install() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "--no-install-recommends", "chromium", "fonts-liberation"],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoBrowser(f"{' '.join(command)} failed, install Chromium by hand: {done.stderr}")
