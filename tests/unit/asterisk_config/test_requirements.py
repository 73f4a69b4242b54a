"""What Asterisk's own command needs is locked apart from the controller's many packages."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
LOADED = """
import sys
import ivrserver.telephony.asterisk.__main__
print(*{name.partition(".")[0] for name, module in sys.modules.items() if module})
"""
_OURS = {"ivrserver"}
_OF_EVERY_ENVIRONMENT = {"setuptools"}


def locked(name: str) -> set[str]:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return {normal(found) for found in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_asterisks_command_imports_nothing_that_its_image_lacks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    owners = packages_distributions()
    used = {normal(owner) for name in done.stdout.split() for owner in owners.get(name, ())}
    assert "jinja2" in used
    assert used - _OURS - _OF_EVERY_ENVIRONMENT - locked("asterisk") == set()


def test_both_images_have_the_same_versions() -> None:
    pins = {
        name: set(re.findall(r"^\S+==\S+", (REQUIREMENTS / name).read_text(), re.MULTILINE))
        for name in ("asterisk.txt", "run.txt")
    }
    assert pins["asterisk.txt"] - pins["run.txt"] == set()
