"""Old logs."""

from __future__ import annotations

from pathlib import Path

from ivrserver.telephony.asterisk.logs import prune


def test_the_five_newest_logs_are_kept(tmp_path: Path) -> None:
    for name in ["messages.log", "startup.log", *(f"messages.log.{n}" for n in range(8))]:
        (tmp_path / name).touch()
    prune(tmp_path)
    kept = ["messages.log", *(f"messages.log.{n}" for n in range(5)), "startup.log"]
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
