"""Where the store is, and its keys, are checked when the server starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import load
from ivrserver.errors import ConfigError
from tests.unit.recordings.places import KEYS


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(text: str) -> str:
    Path("ivrserver.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load()
    return str(caught.value)


def test_a_bucket_and_a_prefix_come_from_the_url() -> None:
    Path("ivrserver.toml").write_text('[store]\nurl = "s3://calls/a/b/"\n')
    store = load().store
    assert (store.bucket, store.prefix, store.folder) == ("calls", "a/b", None)
    Path("ivrserver.toml").write_text('[store]\nurl = "kept"\n')
    store = load().store
    assert (store.bucket, store.folder) == ("", Path.cwd() / "kept")


def test_a_key_comes_from_the_settings_or_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("k2").write_text(f"{KEYS['k2']}\n")
    Path("ivrserver.toml").write_text('[store]\nencrypt_with = "k1"\nkeys.k2 = "file:k2"\n')
    monkeypatch.setenv("IVRSERVER_STORE__KEYS__K1", KEYS["k1"])
    keys = load().store.keys
    assert keys["k1"].get_secret_value() == b"1" * 32
    assert keys["k2"].get_secret_value() == b"2" * 32
    assert KEYS["k1"] not in repr(load())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('url = "ftp://x"', "store.url: write s3://BUCKET or s3://BUCKET/PREFIX, or the path"),
        ('url = "s3://"', "store.url: write s3://BUCKET"),
        ('endpoint = "localhost"', "store.endpoint: write an address such as https://s3.example"),
        ('keys.k1 = "hunter2"', "store.keys.k1: a key is base64 of 32 bytes; make one with: opens"),
        ('keys.k1 = "file:/nope"', "the key file /nope cannot be read: No such file or directory"),
        ('encrypt_with = "k9"', "encrypt_with: there is no key k9 in store.keys"),
        ('access_key = "hunter2"', "access_key and secret_key belong together: write both, or n"),
        ('link_secret = "hunter2"', "store.link_secret: must have at least 32 characters"),
        ("link_hours = 200", "store.link_hours: "),
    ],
)
def test_what_cannot_be_used_is_told_without_secrets(line: str, told: str) -> None:
    text = refused(f"[store]\n{line}\n")
    assert told in text
    assert "hunter2" not in text
