"""Make the signed package archive that the tests of fetching use: ``archive/`` beside this file.

Run it by hand, with gpg and dpkg-deb here, when the archive has to change. Its key is thrown away:
whoever changes a file afterwards cannot sign it again, which is what the tests are about.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

ARCHIVE = Path(__file__).parent / "archive"
ARCHITECTURES = ("amd64", "arm64")
EXECUTABLE = "usr/bin/flite"

# What the recipe of flite asks for, what that needs, and what must not be taken.
PACKAGES = {
    "flite": "libflite1, libasound2t64, libc6, perl, unwanted",
    "libflite1": "libc6",
    "libasound2t64": "libasound2-data, libc6",
    "libasound2-data": "",
    "libc6": "libgcc-s1",
    "libgcc-s1": "",
    "perl": "",
    "unwanted": "",
}
NOW = "Date: Sat, 03 Jan 2026 00:00:00 UTC"
SUITES = {"good": NOW, "expired": NOW + "\nValid-Until: Sun, 04 Jan 2026 00:00:00 UTC"}
NEVER = "0"


def main() -> None:
    """Write the archive anew."""
    shutil.rmtree(ARCHIVE, ignore_errors=True)
    pool = ARCHIVE / "pool"
    pool.mkdir(parents=True)
    index = "\n".join(package(name, depends, pool) for name, depends in PACKAGES.items())
    with TemporaryDirectory() as home:
        gpg(home, "--quick-generate-key", "tests", "ed25519", "sign", NEVER)
        gpg(home, "--output", str(ARCHIVE / "keyring.gpg"), "--export", "tests")
        for suite, dates in SUITES.items():
            sign(home, release(suite, dates, index))


def package(name: str, depends: str, pool: Path) -> str:
    """Build one package and return its paragraph of the index."""
    control = (
        f"Package: {name}\nVersion: 1:2.0-1\nArchitecture: all\n"
        f"Maintainer: tests <tests@example.org>\n"
        + (f"Depends: {depends}\n" if depends else "")
        + f"Description: test package {name}\n"
    )
    with TemporaryDirectory() as scratch:
        tree = Path(scratch)
        tree.chmod(0o755)
        (tree / "DEBIAN").mkdir(mode=0o755)
        (tree / "DEBIAN/control").write_text(control)
        content = tree / (EXECUTABLE if name == "flite" else f"usr/lib/{name}.so")
        content.parent.mkdir(parents=True)
        content.write_text(f"#!/bin/sh\necho {name}\n")
        content.chmod(0o755)
        manual = tree / f"usr/share/man/man1/{name}.1"
        manual.parent.mkdir(parents=True)
        manual.write_text("Manual\n")
        file = pool / f"{name}_2.0-1_all.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(file)]
        subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": NEVER})
    data = file.read_bytes()
    return (
        f"{control}Filename: pool/{file.name}\nSize: {len(data)}\n"
        f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
    )


def release(suite: str, dates: str, index: str) -> Path:
    """Write one suite's index and its Release file."""
    folder = ARCHIVE / "dists" / suite
    sums = []
    for architecture in ARCHITECTURES:
        file = folder / "main" / f"binary-{architecture}" / "Packages"
        file.parent.mkdir(parents=True)
        file.write_text(index)
        digest = hashlib.sha256(index.encode()).hexdigest()
        sums.append(f" {digest} {len(index)} {file.relative_to(folder)}")
    text = [
        f"Suite: {suite}", f"Codename: {suite}", dates, "Components: main",
        f"Architectures: {' '.join(ARCHITECTURES)}", "SHA256:", *sums, "",
    ]  # fmt: skip
    (folder / "Release").write_text("\n".join(text))
    return folder / "Release"


def sign(home: str, file: Path) -> None:
    """Sign a Release file in place: InRelease."""
    gpg(home, "--output", str(file.with_name("InRelease")), "--clearsign", str(file))
    file.unlink()


def gpg(home: str, *arguments: str) -> None:
    """Run gpg on a key ring that nobody keeps."""
    command = [
        "gpg",
        "--homedir",
        home,
        "--batch",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
    ]
    subprocess.run([*command, *arguments], check=True)


if __name__ == "__main__":
    main()
