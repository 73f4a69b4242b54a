"""An account with calls, recordings and sound files, in a database and a store of its own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import backup, shelves
from ivrserver.access import Right, Role
from ivrserver.backup import Manifest
from ivrserver.config import DatabaseSettings, Settings, StoreSettings
from ivrserver.recordings import Store
from ivrserver.storage import (
    TABLES,
    Controllers,
    RecordingRows,
    database,
    migrate,
    open_journal,
    read_flow_files,
    shared_secret,
)
from ivrserver.storage.tables import metadata
from tests.unit.recordings.places import pieces
from tests.unit.storage.people import BY, PASSWORD, People
from tests.unit.storage.records import START, answer, message, opened, recording, respondent

WAV = b"RIFF" + bytes(range(256)) * 5000
FLOW = """\
numbers:
  - {number: "2125550100", label: Radio ad, destination: {block: 100}}
audio:
  - {name: jingle, path: jingle.wav}
blocks:
  - id: 100
    kind: ivr
    name: Survey
    questions:
      - {id: 1, type: message, name: welcome, prompt: {audio: jingle}}
"""


def settings(data: Path, url: str = "", /, **store: Any) -> Settings:
    return Settings(
        data=data, database=DatabaseSettings(url=url), store=StoreSettings.model_validate(store)
    )


@asynccontextmanager
async def ready(given: Settings) -> AsyncIterator[AsyncEngine]:
    """The database of the settings, its schema up to date."""
    async with database(given) as engine:
        await migrate(engine)
        yield engine


async def fill(given: Settings, engine: AsyncEngine, folder: Path) -> None:
    """Enter what a backup may hold: one recording is in the store, one still at Asterisk."""
    await asyncio.to_thread(folder.mkdir)
    tone = np.sin(np.arange(4000) / 8000 * 2 * np.pi * 440) * 0.3
    soundfile.write(folder / "jingle.wav", tone, 8000, subtype="PCM_16")
    (folder / "flow.yaml").write_text(FLOW)
    flows = read_flow_files([folder / "flow.yaml"])
    await shelves.accounts(given, engine).apply(flows.account, flows.audio)
    await shared_secret(engine, "recording links")
    people = People(engine)
    await people.users.add("mia", Role.ADMIN, BY, password=PASSWORD)
    await people.keys.make("mia", "ci", frozenset({Right.CALLS_READ}), BY)
    await people.session("mia")
    controllers = Controllers(engine, "main")
    await controllers.release(await controllers.enter("ivr-1"))
    async with open_journal(given, engine) as journal:
        for call in ("call-1", "call-2"):
            journal.write(opened(call))
            journal.write(respondent(call))
            journal.write(answer(1, "Zoë; 4711", call))
            journal.write(recording(call))
        journal.write(message())
    stored = await Store(given).put("recordings/2030/01/02/rec-call-1.wav", pieces(WAV))
    await RecordingRows(engine).stored(
        "rec-call-1", key="recordings/2030/01/02/rec-call-1.wav", size=stored.size,
        sha256=stored.sha256, at=START, due=START,
    )  # fmt: skip
    put(given.recording_folder / "rec-call-2.wav", b"RIFF at Asterisk")
    put(given.data / "asterisk" / "custom" / "pjsip.conf", b"[more]\n")


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def rows(engine: AsyncEngine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is kept, in the order of their keys."""
    async with engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in await connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in map(metadata.tables.__getitem__, TABLES)
        }


def files(*folders: Path) -> dict[str, bytes]:
    """What is in the files of some folders."""
    return {
        f"{folder.name}/{path.relative_to(folder)}": path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def make(
    given: Settings, engine: AsyncEngine, path: Path, *, with_store: bool = True
) -> tuple[Manifest, Sequence[str]]:
    """Make a backup; what was said about it too."""
    said: list[str] = []
    out = io.BytesIO()
    manifest = await backup.make(given, engine, out, said.append, with_store=with_store)
    await asyncio.to_thread(path.write_bytes, out.getvalue())
    return manifest, said
