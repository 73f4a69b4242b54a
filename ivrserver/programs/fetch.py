"""Fetch programs: choose packages, download them through apt, unpack them, switch to them."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs import mirror, tree
from ivrserver.programs.apt import Apt, Archive
from ivrserver.programs.catalogue import CATALOGUE
from ivrserver.programs.find import cached, current, shelf
from ivrserver.programs.machine import architecture
from ivrserver.programs.model import Recipe

_MB: Final = 1_000_000


def fetch(
    names: Sequence[str],
    settings: PackageSettings,
    say: Callable[[str], None],
    keyring: Path = mirror.KEYRING,
) -> None:
    """Bring programs into the cache folder. What is already there costs no network.

    Two processes may fetch at once: the second waits and finds the work done.

    Args:
        names: names of the catalogue.
        settings: where packages come from and go to.
        say: called with each line of progress.
        keyring: keys that must have signed the index.

    Raises:
        SetupError: it did not work; the text says why and what to do.
    """
    missing = [name for name in names if cached(name, settings) is None]
    if not missing:
        return
    machine = architecture()
    source = mirror.source(missing, settings, keyring)
    folder = shelf(settings, machine)
    try:
        with _locked(folder, say):
            missing = [name for name in missing if cached(name, settings) is None]
            if not missing:
                return
            say(f"reading the package index of Debian {source.suite} at {source.mirror}")
            apt = Apt(settings.cache / "apt" / f"{source.suite}-{machine.name}", source)
            apt.update()
            plan = {name: choose(CATALOGUE[name], apt) for name in missing}
            with TemporaryDirectory(dir=folder, prefix="fetching-") as scratch:
                _download(apt, plan, Path(scratch), say)
                for name, archives in plan.items():
                    say(f"unpacking {name}")
                    files = [Path(scratch) / archive.file for archive in archives]
                    made = tree.build(name, CATALOGUE[name], archives, files, folder)
                    tree.switch(current(name, settings, machine), made)
            apt.tidy()
    except OSError as error:
        raise SetupError(f"cannot keep programs in {settings.cache}: {error}") from error


def choose(recipe: Recipe, apt: Apt) -> list[Archive]:
    """Choose the packages of a program: its own, and the libraries its recipe names."""
    needed = [name for name in apt.depends(recipe.whole) if name.startswith(recipe.libraries)]
    wanted = {archive.package: archive for archive in apt.archives(recipe.whole)}
    for archive in apt.closure([name for name in needed if name not in wanted]):
        if not archive.package.startswith(recipe.leave):
            wanted.setdefault(archive.package, archive)
    return list(wanted.values())


def _download(
    apt: Apt, plan: dict[str, list[Archive]], folder: Path, say: Callable[[str], None]
) -> None:
    """Download what the programs take, once where several take the same."""
    archives = sorted({archive for wanted in plan.values() for archive in wanted}, key=_by_size)
    total = sum(archive.size for archive in archives)
    say(f"downloading {len(archives)} packages, {total / _MB:.1f} MB, for {', '.join(plan)}")
    sizes = {archive.package: archive.size for archive in archives}
    begun: list[str] = []

    def arrived(package: str) -> None:
        begun.append(package)
        size = sizes.get(package, 0)
        if size >= _MB:
            say(f"  {len(begun)} of {len(archives)}: {package}, {size / _MB:.1f} MB")

    apt.download(archives, folder, arrived)


def _by_size(archive: Archive) -> tuple[int, str]:
    return -archive.size, archive.package


@contextmanager
def _locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Let one process at a time fetch into a folder. The system unlocks when we die."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is fetching; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        tree.sweep(folder)
        yield
