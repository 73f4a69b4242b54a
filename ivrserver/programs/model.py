"""What a program is, and what it takes to get one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a program that is installed or was fetched.

    Attributes:
        argv: the beginning of the command line; append arguments.
        env: to be merged over `os.environ`.
        root: ``/`` if the program is installed, else the folder that its packages were unpacked to.
        libraries: the folder of its libraries (``/usr/lib/x86_64-linux-gnu``).
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    root: Path
    libraries: Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which Debian packages a program takes. All of it is data: see `catalogue`.

    Attributes:
        package: what a person installs to have the program, with the machine's own tools.
        whole: packages that are unpacked for what they hold.
        executable: the program's path inside the tree.
        libraries: beginnings of package names. Of all that `whole` depends on, only packages that
            begin so are taken, each with everything it needs. Beginnings, because the rest of a
            library's package name is its version (``libxml2-16``).
        leave: beginnings of package names that are never taken, whoever depends on them.
        drop: glob patterns inside the tree of what is not needed to run.
        env: environment of the program; ``{root}`` and ``{lib}`` are replaced.
    """

    package: str
    whole: tuple[str, ...]
    executable: str
    libraries: tuple[str, ...]
    leave: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Eight hex digits that change when the recipe does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]
