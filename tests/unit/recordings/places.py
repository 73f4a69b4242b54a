"""Stores of every kind: a folder and a local server that speaks S3, encrypted or not."""

from __future__ import annotations

import base64
import logging
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import LocalStore, S3Store

from ivrserver.config import Settings, StoreSettings
from ivrserver.recordings import Store

KEYS = {"k1": base64.b64encode(b"1" * 32).decode(), "k2": base64.b64encode(b"2" * 32).decode()}
SEALED = {"keys": KEYS, "encrypt_with": "k1"}


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


@dataclass(frozen=True)
class Place:
    """Where a store is, seen past the store.

    Attributes:
        raw: what is really there.
    """

    data: Path
    settings: dict[str, Any] = field(repr=False)
    raw: LocalStore | S3Store

    def store(self, **changes: object) -> Store:
        """A store there, as another process would open it."""
        return Store(self.configured(**changes))

    def configured(self, **changes: object) -> Settings:
        return Settings(data=self.data, store=StoreSettings(**(self.settings | changes)))

    async def bytes_of(self, key: str) -> bytes:
        return bytes(await (await obstore.get_async(self.raw, key)).bytes_async())

    async def overwrite(self, key: str, content: bytes) -> None:
        await obstore.put_async(self.raw, key, content)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """A local server that speaks S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def s3_place(address: str, data: Path) -> Place:
    """A bucket of its own."""
    bucket = f"b{uuid.uuid4().hex}"
    with urllib.request.urlopen(urllib.request.Request(f"{address}/{bucket}", method="PUT")):
        pass
    settings = {
        "url": f"s3://{bucket}/ivr/calls", "endpoint": address, "access_key": "id",
        "secret_key": "secret", "timeout": 5.0,
    }  # fmt: skip
    raw = S3Store(
        bucket, prefix="ivr/calls", endpoint=address, region="us-east-1",
        access_key_id="id", secret_access_key="secret", client_options={"allow_http": True},
    )  # fmt: skip
    return Place(data, settings, raw)


def folder_place(data: Path) -> Place:
    return Place(data, {}, LocalStore(data / "store", mkdir=True))


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place for a store, of each kind."""
    if request.param == "folder":
        return folder_place(tmp_path)
    return s3_place(request.getfixturevalue("s3_address"), tmp_path)
