"""What tests/compose/judge.py lets pass while parts are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

JUDGE = Path(__file__).parents[2] / "compose" / "judge.py"
KILLED_AT = 1000.0


def verdict(
    folder: Path, call: dict[str, object], row: str, *more: str
) -> subprocess.CompletedProcess[str]:
    """What is said of one call and the database's row of it."""
    whole = {"caller": "1", "began": 999.0, "heard": 0.1, "outcome": "whole"}
    (folder / "report").write_text(json.dumps(whole | call) + "\n")
    (folder / "rows").write_text(f"{row}\n" if row else "")
    command = [sys.executable, str(JUDGE), str(folder / "report"), str(folder / "rows")]
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False)


def test_a_call_that_was_heard_to_its_end_is_whole(tmp_path: Path) -> None:
    found = verdict(tmp_path, {}, "1|a|t")
    assert (found.returncode, found.stderr) == (0, "")
    assert "1 calls: 1 whole, 0 cut off" in found.stdout


def test_an_apology_is_not_a_whole_call(tmp_path: Path) -> None:
    for row in ("1|a|f", "1|a|", ""):
        found = verdict(tmp_path, {}, row)
        assert found.returncode == 1
        assert "1 at +0.00 s: whole; the flow did not end" in found.stdout


def test_nobody_may_wait_long_for_a_sound(tmp_path: Path) -> None:
    found = verdict(tmp_path, {"heard": 2.3}, "1|a|t")
    assert found.returncode == 1
    assert "heard nothing for 2.3 s" in found.stdout


def test_only_who_talked_to_the_killed_asterisk_may_be_cut_off(tmp_path: Path) -> None:
    cut: dict[str, object] = {"outcome": "silence"}
    killed = (str(KILLED_AT), "b")
    assert verdict(tmp_path, cut, "1|b|", *killed).returncode == 0
    assert verdict(tmp_path, cut, "1|a|", *killed).returncode == 1
    assert verdict(tmp_path, cut, "", *killed).returncode == 1
    assert verdict(tmp_path, cut | {"began": 1000.1}, "1|b|", *killed).returncode == 1
    assert verdict(tmp_path, cut, "1|b|", str(KILLED_AT)).returncode == 1


def test_no_calls_at_all_are_no_success(tmp_path: Path) -> None:
    (tmp_path / "report").touch()
    (tmp_path / "rows").touch()
    command = [sys.executable, str(JUDGE), str(tmp_path / "report"), str(tmp_path / "rows")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "no call was placed" in found.stdout
