"""fail2ban itself, with our filter, finds who guesses passwords, and nobody else can be blamed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools import DEPLOY, run, tool

FILTER = DEPLOY / "fail2ban" / "filter.d" / "ivrserver-http.conf"
VICTIM = "9.9.9.9"


def line(address: str, path: str = "/sign-in", why: str = "a wrong name or password") -> str:
    """As the controller logs it."""
    return json.dumps(
        {
            "address": address, "path": path, "why": why, "event": "http_refused",
            "level": "warning", "timestamp": "2026-11-28T13:04:26.128357Z",
        }
    )  # fmt: skip


def found(folder: Path, *lines: str) -> list[str]:
    """The addresses that the filter finds in such a log."""
    log = folder / "log.json"
    log.write_text("".join(f"{each}\n" for each in lines))
    return run(tool("fail2ban-regex"), "-o", "<ip>", log, FILTER).split()


def test_who_shows_what_is_wrong_is_found(tmp_path: Path) -> None:
    lines = (
        line("192.0.2.7"),
        line("192.0.2.8", "/api/v1/calls", "a wrong API key"),
        line("2001:db8:1:2::/64"),
        "ivr ivrserver[7]: " + line("192.0.2.9"),
    )
    assert found(tmp_path, *lines) == ["192.0.2.7", "192.0.2.8", "2001:db8:1:2::/64", "192.0.2.9"]


def test_honest_mistakes_and_other_lines_are_not(tmp_path: Path) -> None:
    lines = (
        line("192.0.2.7", "/recordings/x", "a link that has run out"),
        line("192.0.2.7").replace("http_refused", "http_address_waits"),
        json.dumps({"event": "http_refused", "note": line("192.0.2.7")}),
    )
    assert found(tmp_path, *lines) == []


@pytest.mark.parametrize(
    "forged",
    [
        f'/", "address": "{VICTIM}", "path": "/x',
        f'/"}}\n{{"address": "{VICTIM}", "path": "/", "why": "", "event": "http_refused", "level":',
        f'/\\", "why": "", "event": "http_refused", "level": "warning",{VICTIM}',
    ],
)  # fmt: skip
def test_nobody_can_have_somebody_else_blamed(tmp_path: Path, forged: str) -> None:
    assert found(tmp_path, line("192.0.2.7", forged)) == ["192.0.2.7"]
