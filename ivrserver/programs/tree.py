"""Unpacked programs: made beside their place and renamed into it, so none is ever half there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from ivrserver.programs.apt import Archive, run
from ivrserver.programs.model import Recipe

_UNFINISHED: Final = ("making-*", "fetching-*")
MANIFEST: Final = "packages.txt"


def build(
    name: str, recipe: Recipe, archives: Sequence[Archive], files: Sequence[Path], shelf: Path
) -> Path:
    """Unpack packages into one tree.

    Args:
        name: the program.
        recipe: says what of the packages is not kept.
        archives: what the packages are; the tree is named after their versions.
        files: the package files, already checked, in the same order.
        shelf: folder that the tree goes into.

    Returns:
        The finished tree, which may be there from before.

    Raises:
        SetupError: dpkg could not read a package.
        OSError: no room, or no right to write.
    """
    listing = "".join(sorted(f"{archive.package} {archive.version}\n" for archive in archives))
    digest = hashlib.sha256((recipe.digest + listing).encode()).hexdigest()[:12]
    # Without the epoch: a colon in a path would split the loader's list of library folders.
    version = archives[0].version.rpartition(":")[2]
    place = shelf / f"{name}_{version}_{digest}"
    if place.exists():
        return place
    scratch = Path(mkdtemp(dir=shelf, prefix="making-"))
    try:
        for file in files:
            run(["dpkg-deb", "--extract", str(file), str(scratch)], env={})
        for pattern in recipe.drop:
            _remove(scratch, pattern)
        (scratch / MANIFEST).write_text(listing)
        scratch.chmod(0o755)
        scratch.rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return place


def switch(link: Path, place: Path) -> None:
    """Make a link point to a tree, in one step for whoever looks at the same time."""
    fresh = link.with_name(f"making-{link.name}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(place.name)
    fresh.replace(link)


def sweep(shelf: Path) -> None:
    """Remove what a killed process left unfinished. Call it under the lock."""
    for pattern in _UNFINISHED:
        _remove(shelf, pattern)


def _remove(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
