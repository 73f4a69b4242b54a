"""What browsers are given is built from exactly known packages, wherever they are fetched from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FRONTEND = Path(__file__).parents[3] / "frontend"


def read(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((FRONTEND / name).read_text())
    return value


def test_every_package_is_wanted_in_one_version() -> None:
    package = read("package.json")
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted


def test_the_lock_file_has_a_hash_for_every_package_and_no_address() -> None:
    packages = read("package-lock.json")["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert len(fetched) > 10
    assert all(package["integrity"].startswith("sha512-") for package in fetched.values())
    assert not [name for name, package in fetched.items() if "resolved" in package]


def test_icons_are_listed_once_in_order() -> None:
    names = (FRONTEND / "icons.txt").read_text().split()
    assert names == sorted(set(names))
