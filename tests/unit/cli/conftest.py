"""Commands are run in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivrserver.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder of its own; `typed` is what somebody types."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVRSERVER_DATA", str(tmp_path / "data"))

    def command(*words: str, typed: str = "", status: int = 0) -> Result:
        result = CliRunner().invoke(main, words, input=typed)
        assert result.exit_code == status, result.output
        return result

    return command
