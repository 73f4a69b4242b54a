"""Which mirror packages come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs import apt
from ivrserver.programs.mirror import machine_mirror, source

DEBIAN = {"ID": "debian", "VERSION_CODENAME": "bookworm"}

ONE_LINE = """
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64,arm64] http://one.example/debian bookworm main contrib
deb-src http://source.example/debian bookworm main
deb http://tools.example/apt stable tools
deb http://tools.example/flat ./
deb cdrom:[Debian]/ bookworm main
"""

DEB822 = """
Types: deb
URIs: http://tools.example/apt
Suites: nodistro
Components: main

Types: deb deb-src
URIs: http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "{parts}";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    return tmp_path


@pytest.mark.skipif(not apt.available(), reason="this machine has no apt")
@pytest.mark.parametrize(
    ("file", "text", "mirror"),
    [
        ("sources.list", ONE_LINE, "http://one.example/debian"),
        ("sources.list.d/debian.sources", DEB822, "http://two.example/debian"),
        ("sources.list", "deb mirror+file:/etc/m.list bookworm main", "mirror+file:/etc/m.list"),
    ],
)
def test_it_is_the_one_of_the_machines_own_release(
    sources: Path, file: str, text: str, mirror: str
) -> None:
    (sources / file).write_text(text)
    assert machine_mirror(DEBIAN, apt.machine_sources()) == mirror


def test_a_release_may_be_named_by_its_role() -> None:
    rows = [("http://tools.example/apt", "nodistro"), ("http://three.example/debian", "stable")]
    assert machine_mirror(DEBIAN, rows) == "http://three.example/debian"


def test_other_systems_have_none() -> None:
    ubuntu = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}
    assert machine_mirror(ubuntu, [("http://archive.example/ubuntu/", "noble")]) is None


@pytest.mark.skipif(not apt.available(), reason="this machine has no apt")
def test_a_setting_goes_first(tmp_path: Path) -> None:
    settings = PackageSettings(mirror="http://mine.example/debian", allow_expired_index=True)
    chosen = source(["sipp"], settings, keyring=tmp_path)
    assert chosen.line().startswith("deb [arch=")
    assert chosen.line().endswith(
        f"signed-by={tmp_path} check-valid-until=no] http://mine.example/debian forky main\n"
    )


def test_without_apt_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match="apt-get install asterisk sip-tester"):
        source(["asterisk", "sipp"], PackageSettings())
