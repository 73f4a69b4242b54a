"""systemd itself takes our units, and thinks them closed; what they say fits together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import ROOT, run, tool
from tests.units import ASTERISK, CONTROLLER, UNITS, moved, read_unit

pytestmark = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
EXPOSED_AT_MOST = "20"
"""Of 100; what systemd calls OK begins below 50."""


def placed(unit: Path, folder: Path) -> Path:
    """The unit as it is when the program lies here, with the one that it wants beside it."""
    for each in UNITS:
        text = moved(each.read_text(), {"/opt/ivrserver/.venv": ROOT / ".venv"})
        (folder / each.name).write_text(text)
    return folder / unit.name


def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    said = run(tool("systemd-analyze"), "verify", "--man=no", placed(unit, tmp_path))
    assert [line for line in said.splitlines() if "ivrserver" in line] == []


def test_systemd_thinks_it_closed(unit: Path, tmp_path: Path) -> None:
    threshold = f"--threshold={EXPOSED_AT_MOST}"
    file = placed(unit, tmp_path)
    said = run(tool("systemd-analyze"), "security", "--offline=true", threshold, file)
    assert f"Overall exposure level for {unit.name}" in said


def test_calls_are_given_their_time_before_systemd_loses_patience(unit: Path) -> None:
    read = read_unit(unit)
    drain = float(read.environment["IVRSERVER_LIMITS__DRAIN_SECONDS"])
    assert drain >= 60
    assert float(read.one("TimeoutStopSec")) >= drain + 20
    assert read.one("KillMode") == "mixed", "Asterisk ends all calls when it is told to stop"


def test_both_have_the_same_user_folders_and_settings(unit: Path) -> None:
    ours, other = (read_unit(each) for each in (ASTERISK, CONTROLLER))
    for name in ("User", "Group", "WorkingDirectory", "Environment", "EnvironmentFile", "UMask"):
        assert ours.values[name] == other.values[name]
