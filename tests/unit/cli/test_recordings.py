"""Recordings from the command line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from ivrserver import shelves
from ivrserver.cli import main
from ivrserver.config import load
from ivrserver.recordings import Store, Verdict
from ivrserver.storage import RecordingRows, database, migrate, open_journal
from tests.unit.recordings.places import pieces
from tests.unit.storage.records import START, opened, recording

Run = Callable[..., Result]

WAV = b"RIFF" + bytes(2000)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVRSERVER_DATA", str(tmp_path / "data"))

    def command(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == status, result.output
        return result

    return command


@pytest.fixture
def recorded(run: Run) -> None:
    """Two calls with a recording each; that of the second is in the store."""

    async def work() -> None:
        settings = load()
        async with database(settings) as engine:
            await migrate(engine)
            async with open_journal(settings, engine) as journal:
                for call in ("call-1", "call-2"):
                    journal.write(opened(call))
                    journal.write(recording(call))
            stored = await Store(settings).put("there", pieces(WAV))
            await RecordingRows(engine).stored(
                "rec-call-2", key="there", size=stored.size, sha256=stored.sha256,
                at=START, due=START,
            )  # fmt: skip

    asyncio.run(work())


def test_without_recordings_there_is_nothing_to_list(run: Run) -> None:
    assert run("recordings", "list").output == "no recordings\n"


@pytest.mark.usefixtures("recorded")
def test_recordings_are_listed_with_where_they_are(run: Run) -> None:
    second, first = run("recordings", "list").output.splitlines()
    assert re.fullmatch(r"rec-call-2  [-\d]+ [:\d]+ +2\.5 s  stored, 2,004 bytes", second)
    assert re.fullmatch(r"rec-call-1  [-\d]+ [:\d]+ +2\.5 s  at Asterisk main", first)
    assert run("recordings", "list", "--waiting").output.count("\n") == 1
    assert run("recordings", "list", "--call", "call-2").output.startswith("rec-call-2")


@pytest.mark.usefixtures("recorded")
def test_a_stored_recording_is_fetched_into_a_file(run: Run) -> None:
    assert run("recordings", "get", "rec-call-2", "out.wav").output == "out.wav: 2,004 bytes\n"
    assert Path("out.wav").read_bytes() == WAV
    refused = run("recordings", "get", "rec-call-1", "x.wav", status=1).output
    assert refused.startswith(
        "Error: rec-call-1 is not in the store yet but at Asterisk main: the r"
    )
    refused = run("recordings", "get", "nothing", "x.wav", status=1).output
    assert "`ivrserver recordings list` lists them" in refused
    refused = run("recordings", "get", "rec-call-2", "no/folder/x.wav", status=1).output
    assert "cannot write no/folder/x.wav: No such file or directory" in refused
    assert not Path("x.wav").exists()


@pytest.mark.usefixtures("recorded")
def test_a_link_that_is_printed_is_one_that_the_server_knows(run: Run) -> None:
    link = run("recordings", "link", "rec-call-2", "--hours", "2").output.strip()
    assert link.startswith("http://127.0.0.1:8080/recordings/rec-call-2?expires=")
    query = parse_qs(urlsplit(link).query)
    expires, signature = query["expires"][0], query["signature"][0]
    assert 7000 < int(expires) - datetime.now(UTC).timestamp() < 7300

    async def verdict() -> Verdict:
        settings = load()
        async with database(settings) as engine:
            links = await shelves.links(settings, engine)
            return links.verdict("rec-call-2", expires, signature, datetime.now(UTC))

    assert asyncio.run(verdict()) is Verdict.GOOD
    assert "there is no recording nothing" in run("recordings", "link", "nothing", status=1).output
