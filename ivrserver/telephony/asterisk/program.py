"""Choose the Asterisk to run: a setting, one on the PATH, a fetched one; else fetch it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrserver import programs
from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.programs import Program
from ivrserver.programs.find import at

OLDEST: Final = 20
_VERSION: Final = re.compile(r"(?:Asterisk|SVN|GIT)\s+\D*((\d+)[.\d]*)")
_ANSWER_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """An Asterisk that can be started.

    Attributes:
        program: how to start it.
        version: such as ``22.10.1``.
        modules: folder of its modules.
        share: folder of its documentation and of the descriptions of ARI.
    """

    program: Program
    version: str
    modules: Path
    share: Path

    @property
    def present(self) -> frozenset[str]:
        """File names of the modules that it has."""
        return frozenset(path.name for path in self.modules.glob("*.so"))

    @property
    def broadcasts(self) -> bool:
        """Whether it can offer a call to several controllers (22.10 and newer)."""
        return "app_stasis_broadcast.so" in self.present


def obtain(settings: Settings, say: Callable[[str], None]) -> AsteriskProgram:
    """Find an Asterisk, or fetch one. Blocks: run it in a thread.

    Raises:
        SetupError: there is none and none can be fetched; says what to install.
    """
    found = find(settings, say)
    if found is None:
        programs.fetch(["asterisk"], settings.packages, say)
        found = find(settings, say)
    if found is None:
        raise SetupError("the fetched Asterisk does not start on this machine")
    return found


def find(settings: Settings, say: Callable[[str], None]) -> AsteriskProgram | None:
    """Find an Asterisk that is new enough, without network.

    Raises:
        SetupError: `settings.asterisk.binary` names something that cannot be used.
    """
    given = settings.asterisk.binary
    if given:
        named = inspect(at(Path(given)))
        if named is None:
            raise SetupError(f"asterisk.binary: {given} is no Asterisk {OLDEST} or newer")
        return named
    for program in (programs.installed("asterisk"), programs.cached("asterisk", settings.packages)):
        found = None if program is None else inspect(program)
        if found is not None:
            return found
        if program is not None:
            say(f"not used, as it is no complete Asterisk {OLDEST} or newer: {program.argv[-1]}")
    return None


def inspect(program: Program) -> AsteriskProgram | None:
    """Ask a program for its version and look for its modules; None: it cannot be used."""
    version = _version(program)
    if version is None or int(version.split(".")[0]) < OLDEST:
        return None
    modules = _first(
        "res_ari.so",
        program.libraries / "asterisk/modules",
        *(program.root / lib / "asterisk/modules" for lib in ("usr/lib", "usr/lib64")),
    )
    share = _first(
        "rest-api", program.root / "usr/share/asterisk", program.root / "var/lib/asterisk"
    )
    if modules is None or share is None:
        return None
    return AsteriskProgram(program, version, modules, share)


def _first(holding: str, *folders: Path) -> Path | None:
    return next((folder for folder in folders if (folder / holding).exists()), None)


def _version(program: Program) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - a program we found, no shell
            [*program.argv, "-V"],
            env={**os.environ, **program.env},
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stdout)
    return match[1] if match else None
