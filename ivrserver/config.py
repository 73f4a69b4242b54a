"""Settings: frozen, from defaults, one TOML file and the environment, checked all at once.

Order of precedence: environment (``IVRSERVER_SIP__PORT=5070``: two underscores between the parts),
then the TOML file, then the defaults below. Every default serves ``make up`` on a laptop.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ivrserver.errors import ConfigError

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


def _expanded(path: Path) -> Path:
    return path.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_expanded)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AccountSettings(_Section):
    """How numbers and times are written (SPEC §2)."""

    time_zone: str = "America/New_York"
    region: str = Field(default="US", pattern="^[A-Z]{2}$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as error:
            message = "not an IANA time zone; write one such as Europe/Berlin"
            raise ValueError(message) from error
        return name


class DatabaseSettings(_Section):
    """Where rows are kept. Empty URL: SQLite in the data folder."""

    url: SecretStr = SecretStr("")
    commit_wait: Seconds = 2.0


class SipSettings(_Section):
    """Where Asterisk listens for SIP and RTP."""

    bind: str = "127.0.0.1"
    port: Port = 5060
    rtp_start: Port = 16000
    rtp_end: Port = 17999
    guests: bool = Field(default=False, description="answer calls from anybody, for a lab")


class TrunkSettings(_Section):
    """The carrier that outbound legs go to. Empty host: no trunk."""

    host: str = ""
    port: Port = 5060
    caller_id: str = ""


class AsteriskSettings(_Section):
    """Which Asterisk runs, and whether we run it."""

    managed: bool = Field(default=True, description="`ivrserver up` starts Asterisk itself")
    binary: str = Field(default="", description="path of an Asterisk to use instead of looking")
    console_log: bool = False


def _default_cache() -> Path:
    if os.geteuid() == 0:
        return Path("/var/cache/ivrserver")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "ivrserver"


class PackageSettings(_Section):
    """Where programs that are not installed come from: Debian packages in a cache folder."""

    mirror: str = Field(default="", description="Debian mirror; empty: the machine's own")
    suite: str = Field(default="forky", description="Debian release that the packages come from")
    allow_expired_index: bool = Field(
        default=False, description="accept a stale mirror's expired Release file"
    )
    cache: Folder = Field(default_factory=_default_cache, validate_default=True)


class AriSettings(_Section):
    """How the controller reaches Asterisk. Empty password: one is made and kept in the data."""

    host: str = "127.0.0.1"
    port: Port = 8088
    username: str = "ivrserver"
    password: SecretStr = SecretStr("")
    node: str = Field(default="main", pattern="^[a-z0-9]+$")
    instance: int = Field(default=1, ge=1)
    request_timeout: Seconds = 5.0

    @property
    def application(self) -> str:
        """The Stasis application name of this controller, such as ``ivr-main-1``."""
        return f"ivr-{self.node}-{self.instance}"


class HttpSettings(_Section):
    """Where our own HTTP server listens."""

    host: str = "127.0.0.1"
    port: Port = 8080


class SpeechSettings(_Section):
    """How prompts are spoken and how the audio reaches Asterisk.

    `delivery` ``folder``: Asterisk reads the cache folder itself. ``http``: Asterisk fetches from
    `public_url` (our HTTP server as Asterisk sees it) and caches.
    """

    engines: tuple[str, ...] = ("flite", "espeak")
    cache: Folder | None = None
    rate: Literal[8000, 16000] = 8000
    concurrency: int = Field(default=2, ge=1)
    engine_timeout: Seconds = 20.0
    retry_after: Seconds = Field(default=60.0, description="pause of an engine that failed")
    delivery: Literal["folder", "http"] = "folder"
    public_url: str = ""


class WebhookSettings(_Section):
    """Limits of a request to a customer's web server (SPEC §4)."""

    connect_timeout: Seconds = 5.0
    total_timeout: Seconds = 15.0
    hold_after: Seconds = 1.5
    max_reply_bytes: int = Field(default=65536, ge=1024)
    allow_private: bool = Field(
        default=False, description="call web servers on private and loopback addresses"
    )


class LimitSettings(_Section):
    """Guards against flows that never end (SPEC §5)."""

    blocks_per_call: int = Field(default=50, ge=1)
    visits_per_ivr: int = Field(default=10, ge=1)
    call_seconds: int = Field(default=14400, ge=60)


class Settings(BaseSettings):
    """All settings. Load them with `load`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="IVRSERVER_",
        env_nested_delimiter="__",
    )

    data: Folder = Path("var")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    account: AccountSettings = AccountSettings()
    database: DatabaseSettings = DatabaseSettings()
    sip: SipSettings = SipSettings()
    trunk: TrunkSettings = TrunkSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    packages: PackageSettings = PackageSettings()
    ari: AriSettings = AriSettings()
    http: HttpSettings = HttpSettings()
    speech: SpeechSettings = SpeechSettings()
    webhook: WebhookSettings = WebhookSettings()
    limits: LimitSettings = LimitSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file's values, which arrive as init arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database. Holds a password: never log it."""
        given = self.database.url.get_secret_value()
        return given or f"sqlite+aiosqlite:///{self.data / 'ivrserver.db'}"

    @property
    def speech_cache(self) -> Path:
        """Folder of spoken prompts."""
        return self.speech.cache or self.data / "prompts"


def load(file: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        file: a TOML file; None: ``ivrserver.toml`` in the current folder, if there is one.

    Raises:
        ConfigError: every wrong setting at once, each with its name and what is wrong.
    """
    values: dict[str, Any] = {}
    path = file or Path("ivrserver.toml")
    if file is not None or path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"cannot read the settings file {path}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        source = f"{path} and the environment" if values else "the environment"
        raise ConfigError("\n".join([f"wrong settings in {source}:", *lines])) from error
