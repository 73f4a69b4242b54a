"""The machine's own apt as the engine: it resolves, downloads and checks; we only ask.

apt works here on a state folder of its own inside the cache, as whoever runs us, and leaves the
machine's package database alone. It verifies the index by the archive's signature and every package
by the index's hashes, and refuses what does not match; nothing of that is done, or can be switched
off, here. How it reaches the network (proxies, certificates) is as the machine is configured.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from ivrserver.errors import SetupError

# The machine's settings about how to reach a mirror are kept, those about trust are not.
_TRANSPORT: Final = ("Acquire::http", "Acquire::Force", "Acquire::Retries", "Acquire::Proxy")
_STRICT: Final = (
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::AllowWeakRepositories "false";',
    'Acquire::AllowDowngradeToInsecureRepositories "false";',
    'Acquire::Check-Date "true";',
    'Acquire::Check-Valid-Until "true";',
    'Acquire::Languages "none";',
    'APT::Get::AllowUnauthenticated "false";',
    'APT::Get::Assume-Yes "true";',
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "root";',
)
_ERROR_LINES: Final = 8
_MAIN_INDEX: Final = re.compile(
    r"'(?P<mirror>(?!cdrom)[^']+)/dists/(?P<suite>[^/']+)/main/binary-(?!all)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """One line of an apt source list.

    Attributes:
        mirror: base URL of the archive.
        suite: release, such as ``forky``.
        keyring: file of the keys that must have signed the release.
        architecture: Debian's name of it; others that the machine knows are left out.
        allow_expired: accept a Release file whose Valid-Until has passed.
        component: part of the archive.
    """

    mirror: str
    suite: str
    keyring: Path
    architecture: str
    allow_expired: bool = False
    component: str = "main"

    def line(self) -> str:
        """Write it as apt reads it."""
        options = [f"arch={self.architecture}", f"signed-by={self.keyring}"]
        if self.allow_expired:
            options.append("check-valid-until=no")
        return f"deb [{' '.join(options)}] {self.mirror} {self.suite} {self.component}\n"


@dataclass(frozen=True, slots=True)
class Archive:
    """One package file that apt can download.

    Attributes:
        package: name of the package.
        version: its version.
        file: file name that apt gives it.
        size: bytes.
    """

    package: str
    version: str
    file: str
    size: int


class Apt:
    """apt on a private state folder.

    Every method raises `SetupError` with apt's own words when apt refuses.
    """

    def __init__(self, folder: Path, source: Source) -> None:
        """Prepare the folder.

        Args:
            folder: where apt keeps the index and its settings; made if missing.
            source: the archive that packages come from.
        """
        self._folder = folder
        self._source = source
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(source.line())
        (folder / "apt.conf").write_text("\n".join([*self._settings(), ""]))

    def _settings(self) -> Iterable[str]:
        machine = run(["apt-config", "dump"], env={})
        yield from (line for line in machine.splitlines() if line.startswith(_TRANSPORT))
        yield from _STRICT
        # The machine's own settings were read above; its hooks are for root's package database.
        yield from ('Dir::Etc::main "/dev/null";', 'Dir::Etc::parts "/dev/null";')
        yield f'Dir::Etc::sourcelist "{self._folder}/sources.list";'
        yield 'Dir::Etc::sourceparts "/dev/null";'
        yield f'Dir::State "{self._folder}";'
        yield f'Dir::State::status "{self._folder}/status";'
        yield f'Dir::Cache "{self._folder}/cache";'

    def _run(
        self,
        *command: str,
        folder: Path | None = None,
        each_line: Callable[[str], None] | None = None,
    ) -> str:
        env = {"APT_CONFIG": str(self._folder / "apt.conf")}
        return run(command, env=env, folder=folder, each_line=each_line)

    def tidy(self) -> None:
        """Remove apt's 90 MB of parsed index; the index itself stays for the next time."""
        for path in (self._folder / "cache").glob("*.bin"):
            path.unlink()

    def update(self) -> None:
        """Download the signed index."""
        try:
            # Without the option apt goes on with an old index when the new one is refused.
            self._run("apt-get", "-q", "update", "--error-on=any")
        except SetupError as error:
            if "is expired" in str(error) or "is not valid anymore" in str(error):
                raise SetupError(
                    f"{error}\nThe mirror is out of date. Choose another (packages.mirror), or"
                    " accept this one by setting packages.allow_expired_index to true"
                ) from error
            raise

    def depends(self, packages: Sequence[str]) -> list[str]:
        """Names of the packages that these depend on directly, alternatives included."""
        lines = self._run("apt-cache", "depends", "--important", *packages).splitlines()
        names = (line.partition("Depends: ")[2].strip() for line in lines)
        return sorted({name for name in names if name and not name.startswith("<")})

    def closure(self, packages: Sequence[str]) -> list[Archive]:
        """These packages and everything they need, as apt would install them on a bare machine."""
        return _archives(
            self._run("apt-get", "-qq", "install", "--print-uris", "--no-remove", *packages)
        )

    def archives(self, packages: Sequence[str]) -> list[Archive]:
        """Just these packages."""
        return _archives(self._run("apt-get", "-qq", "download", "--print-uris", *packages))

    def download(
        self, archives: Sequence[Archive], folder: Path, arrived: Callable[[str], None]
    ) -> None:
        """Download and check packages.

        Args:
            archives: what to download. A file that is already there and right is kept.
            folder: where the files go.
            arrived: called with a package's name when its download begins.
        """

        def watch(line: str) -> None:
            # Get:3 http://mirror/debian forky/main amd64 libxml2-16 amd64 2.15.4 [684 kB]
            match line.split():
                case [step, _, _, _, package, *_] if step.startswith("Get:"):
                    arrived(package)

        wanted = [f"{archive.package}={archive.version}" for archive in archives]
        self._run("apt-get", "-q", "download", *wanted, folder=folder, each_line=watch)


def _archives(output: str) -> list[Archive]:
    """Read ``'URL' FILE SIZE HASH`` lines, FILE being ``NAME_VERSION_ARCHITECTURE.deb``."""
    found = []
    for line in output.splitlines():
        if not line.startswith("'"):
            continue
        _, file, size, *_ = line.split()
        package, version, _ = file.split("_")
        found.append(Archive(package, unquote(version), file, int(size)))
    return found


def machine_sources() -> list[tuple[str, str]]:
    """The machine's own package sources that hold component main, as (mirror, suite).

    apt reads them itself, whatever form they are written in. No network, no index needed.
    """
    output = run(["apt-get", "update", "--print-uris"], env={})
    found = (_MAIN_INDEX.match(line) for line in output.splitlines())
    return [(unquote(row["mirror"]), row["suite"]) for row in found if row]


def available() -> bool:
    """Whether this machine has apt and dpkg."""
    return all(shutil.which(tool) for tool in ("apt-get", "apt-cache", "apt-config", "dpkg-deb"))


def run(
    command: Sequence[str],
    *,
    env: dict[str, str],
    folder: Path | None = None,
    each_line: Callable[[str], None] | None = None,
) -> str:
    """Run one of apt's tools to its end.

    Args:
        command: the command line.
        env: merged over the environment.
        folder: where it runs.
        each_line: called with every line of output as it comes.

    Returns:
        What it printed.

    Raises:
        SetupError: it failed; the text ends with what it said.
    """
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - fixed tools of the machine, no shell
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if each_line is not None:
                each_line(lines[-1])
    if process.returncode != 0:
        said = [line for line in lines if line.startswith(("E:", "W:", "dpkg"))] or lines
        what = " ".join([word for word in command if not word.startswith("-")][:2])
        raise SetupError("\n  ".join([f"{what} failed:", *said[-_ERROR_LINES:]]))
    return "\n".join(lines)
