"""Every command of the page about backups does what it says, in the page's order."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrserver.cli import main
from ivrserver.config import load
from tests.unit.backup import estate
from tests.unit.examples.pages import HOW_TO, examples

PAGE = (HOW_TO / "back-up-and-restore.md").read_text()


def test_the_commands_of_the_page_work_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVRSERVER_DATA", str(tmp_path / "data"))

    async def fill() -> None:
        async with estate.ready(load()) as engine:
            await estate.fill(load(), engine, tmp_path / "flows")

    asyncio.run(fill())
    lines = [line for text in examples([PAGE], "sh") for line in text.splitlines()]
    assert len(lines) == 5
    calls = CliRunner().invoke(main, ["calls"]).output
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "ivrserver"
        if words[0] == "restore" and words[1].endswith(".backup"):
            monkeypatch.setenv("IVRSERVER_DATA", str(tmp_path / "new"))
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, (line, result.output)
    assert CliRunner().invoke(main, ["calls"]).output == calls
