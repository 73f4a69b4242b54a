"""Settings of the store: where recordings and sound files are kept, encrypted with what, and links.

A key is 32 random bytes, written as base64; ``file:/path`` names a file that holds that.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretBytes,
    SecretStr,
    field_validator,
    model_validator,
)

from ivrserver.config.section import Line, Seconds, SecretLine, Section, SigningSecret
from ivrserver.config.sip import Name

KEY_BYTES: Final = 32
_FILE: Final = "file:"
MOST_LINK_HOURS: Final = 7 * 24.0
"""A link that is good for longer is as good as public."""


def _key(given: object) -> object:
    """The bytes of a key. No error repeats any of it."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    if text.startswith(_FILE):
        path = Path(text.removeprefix(_FILE)).expanduser()
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError as error:
            message = f"the key file {path} cannot be read: {error.strerror}"
            raise ValueError(message) from error
        except UnicodeDecodeError:
            text = ""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        message = f"a key is base64 of {KEY_BYTES} bytes; make one with: openssl rand -base64 32"
        raise ValueError(message)
    return key


Key = Annotated[SecretBytes, BeforeValidator(_key)]


class StoreSettings(Section):
    """Where recordings and the audio library's files are kept: a folder, or an S3-compatible store.

    A key is 32 bytes in base64 (`openssl rand -base64 32`), or `file:` and the path of a file that
    holds it: `[store.keys]`, `k1 = "file:/etc/ivrserver/k1"`.
    """

    url: Line = ""
    """`s3://BUCKET/PREFIX`, or the path of a folder; empty: `store` in the data folder."""
    endpoint: Line = ""
    """Address of an S3-compatible store, such as `https://s3.example.com:9000`; empty: Amazon's."""
    region: Line = "us-east-1"
    """Region of the bucket."""
    access_key: Line = ""
    """Access key id; empty: from Amazon's own environment variables or the machine's role."""
    secret_key: SecretLine = SecretStr("")
    """Secret access key that belongs to it."""
    timeout: Seconds = 30.0
    """Seconds after which a request to the store has failed."""
    remove_after: float = Field(default=600.0, ge=0)
    """Seconds for which Asterisk's own copy of a stored recording stays: reviews play it."""
    encrypt_with: Line = ""
    """Name of the key that new files are encrypted with; empty: they are not encrypted."""
    keys: dict[Name, Key] = Field(default_factory=dict)
    """Keys by name; old ones stay as long as there are files that were encrypted with them."""
    link_secret: SigningSecret = SecretStr("")
    """Secret that signs download links, 32 characters or more; empty: one is made, and kept in the
    database."""
    link_hours: float = Field(default=24.0, gt=0, le=MOST_LINK_HOURS)
    """Hours for which a download link is good."""
    redirect: bool = False
    """Send whoever has a good link on to the S3 store itself; not for encrypted files."""

    @field_validator("url")
    @classmethod
    def _of_a_known_kind(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "s3" and parts.netloc and not parts.query:
            return url
        if not url or not parts.scheme:
            return url
        message = "write s3://BUCKET or s3://BUCKET/PREFIX, or the path of a folder"
        raise ValueError(message)

    @field_validator("endpoint")
    @classmethod
    def _an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query):
            message = "write an address such as https://s3.example.com:9000"
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.encrypt_with and self.encrypt_with not in self.keys:
            message = f"encrypt_with: there is no key {self.encrypt_with} in store.keys"
            raise ValueError(message)
        if bool(self.access_key) != bool(self.secret_key):
            message = "access_key and secret_key belong together: write both, or neither"
            raise ValueError(message)
        return self

    @property
    def bucket(self) -> str:
        """The bucket of an S3 store; empty: it is a folder."""
        parts = urlsplit(self.url)
        return parts.netloc if parts.scheme == "s3" else ""

    @property
    def prefix(self) -> str:
        """What stands before the names of all files in the bucket; may be empty."""
        return urlsplit(self.url).path.strip("/")

    @property
    def folder(self) -> Path | None:
        """The folder of the store; None: the one in the data folder, or it is S3."""
        return Path(self.url).expanduser().absolute() if self.url and not self.bucket else None
