"""Look for a program: first on the PATH, then among the fetched ones. Takes milliseconds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs.catalogue import CATALOGUE
from ivrserver.programs.machine import Architecture, architecture
from ivrserver.programs.model import Program, Recipe

# Libraries that Debian keeps in folders of their own.
_PRIVATE_FOLDERS = ("systemd", "pulseaudio")

# Where system programs lie that an ordinary user's PATH leaves out.
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find(name: str, settings: PackageSettings) -> Program | None:
    """Find an installed program, else a fetched one. No network.

    Args:
        name: a name of the catalogue, such as ``asterisk``.
        settings: where fetched programs are.
    """
    return installed(name) or cached(name, settings)


def installed(name: str) -> Program | None:
    """Find a program that the machine itself has."""
    path = shutil.which(name)
    for folder in _SYSTEM_FOLDERS:
        path = path or shutil.which(name, path=folder)
    return None if path is None else at(Path(path))


def at(path: Path) -> Program:
    """Describe an installed program by its path."""
    try:
        libraries = Path("/usr/lib") / architecture().triplet
    except SetupError:
        libraries = Path("/usr/lib")
    return Program(argv=(str(path),), env={}, root=Path("/"), libraries=libraries)


def cached(name: str, settings: PackageSettings) -> Program | None:
    """Find a program that was fetched before."""
    try:
        machine = architecture()
    except SetupError:
        return None
    recipe = CATALOGUE[name]
    link = current(name, settings, machine)
    if not (link / recipe.executable).exists():
        return None
    return _in_tree(name, recipe, link.resolve(), machine)


def shelf(settings: PackageSettings, machine: Architecture) -> Path:
    """Folder that holds the unpacked trees of one Debian release."""
    return settings.cache / settings.suite / machine.name


def current(name: str, settings: PackageSettings, machine: Architecture) -> Path:
    """Link to the tree in use. Its name follows the recipe, so a changed one is fetched anew."""
    return shelf(settings, machine) / f"{name}-{CATALOGUE[name].digest}"


def _in_tree(name: str, recipe: Recipe, root: Path, machine: Architecture) -> Program:
    """How a fetched program is started, and with which environment."""
    libraries = root / "usr" / "lib" / machine.triplet
    executable = root / recipe.executable
    with executable.open("rb") as file:
        first = file.readline(80)
    is_python = first.startswith(b"#!") and b"python3" in first
    start = (sys.executable,) if is_python else _own_loader(name, libraries, machine)
    return Program(
        argv=(*start, str(executable)),
        env={key: value.format(root=root, lib=libraries) for key, value in recipe.env.items()},
        root=root,
        libraries=libraries,
    )


def _own_loader(name: str, libraries: Path, machine: Architecture) -> tuple[str, ...]:
    """The tree's libraries need the tree's C library, and that one the loader it came with."""
    private = (libraries / folder for folder in _PRIVATE_FOLDERS)
    folders = [libraries, *(folder for folder in private if folder.is_dir())]
    return (
        str(libraries / machine.loader),
        "--inhibit-cache",
        "--library-path",
        ":".join(str(folder) for folder in folders),
        "--argv0",
        name,
    )
