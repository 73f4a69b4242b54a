"""Old logs."""

from __future__ import annotations

from pathlib import Path

from ivrserver.telephony.asterisk.logs import prune


def test_the_five_newest_logs_are_kept(tmp_path: Path) -> None:
    logs = ("messages.log", "security.json")
    for name in (*logs, "startup.log", *(f"{log}.{n}" for log in logs for n in range(8))):
        (tmp_path / name).touch()
    prune(tmp_path)
    kept = {*logs, "startup.log", *(f"{log}.{n}" for log in logs for n in range(5))}
    assert {path.name for path in tmp_path.iterdir()} == kept
