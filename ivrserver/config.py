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
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class AccountSettings(_Section):
    """How numbers and times are written."""

    time_zone: str = "America/New_York"
    """IANA time zone of `ivr_timestamp`."""
    region: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Country of phone numbers that are written without a country code."""

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
    """Where rows are kept."""

    url: SecretStr = SecretStr("")
    """`postgresql+asyncpg://user:password@host/name`; empty: SQLite in the data folder."""
    commit_wait: Seconds = 2.0
    """Seconds a call waits for an answer to be durable while the database is away."""


class SipSettings(_Section):
    """Where Asterisk listens for SIP and RTP."""

    bind: str = "127.0.0.1"
    """Address that Asterisk listens on for SIP."""
    port: Port = 5060
    """SIP port, UDP and TCP."""
    rtp_start: Port = 16000
    """First port for audio."""
    rtp_end: Port = 17999
    """Last port for audio; a call takes two."""
    tls_port: int = Field(default=0, ge=0, le=65535)
    """SIP port for TLS; 0: no TLS, unless a trunk needs it: then only outwards."""
    tls_certificate: Path | None = None
    """PEM file of our certificate and its chain."""
    tls_key: Path | None = None
    """PEM file of its private key."""
    tls_ca: Path | None = None
    """PEM file of the authorities that peers' certificates must be signed by; unset: the system's."""
    guests: bool = False
    """Answer calls from anybody, without a trunk or an account: for a lab only."""


Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,31}$")]
Prefix = Annotated[str, Field(pattern=r"^\+?[0-9]{1,15}$")]


class TrunkSettings(_Section):
    """A carrier that calls come from and legs go to. Its name is the part behind `trunks`."""

    host: str
    """The carrier's address."""
    port: int = Field(default=0, ge=0, le=65535)
    """The carrier's SIP port; 0: 5060, with TLS 5061."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    """How SIP reaches the carrier."""
    srtp: bool = False
    """Encrypt the audio (SDES); needs `transport = "tls"`."""
    username: str = ""
    """User that the carrier gave us; empty: it knows us by our address."""
    password: SecretStr = SecretStr("")
    """Password of that user."""
    registers: bool = False
    """Tell the carrier where we are, as a phone does."""
    accept_from: tuple[str, ...] = ()
    """Addresses or networks that its calls come from; empty: `host`."""
    prefixes: tuple[Prefix, ...] = ()
    """Beginnings of numbers (E.164) that go by this trunk; the longest wins; empty: the rest."""
    caller_id: str = ""
    """Number shown on every leg by this trunk; empty: the caller's own."""
    refer: bool = False
    """Transfer callers of this trunk by SIP REFER instead of bridging them."""


class PhoneSettings(_Section):
    """A registered desk phone or softphone. Its name is the part behind `phones`."""

    password: SecretStr
    """Password of the phone; its user is its name."""
    extension: str = Field(default="", pattern="^[0-9]{0,10}$")
    """Digits that reach it from receptionists, FindMe lists and other phones."""
    srtp: bool = False
    """Encrypt the audio (SDES)."""


class DialSettings(_Section):
    """Where legs may go. Registered phones count towards the caps only."""

    allow: tuple[Prefix, ...] = ()
    """Beginnings of numbers (E.164) that may be called; empty: the country of `account.region`."""
    deny: tuple[Prefix, ...] = ()
    """Beginnings of numbers (E.164) that may not, whatever `allow` says."""
    premium: bool = False
    """Premium-rate and shared-cost numbers may be called too."""
    legs_per_call: int = Field(default=100, ge=1)
    """Legs that one call may place in all."""
    simultaneous_legs: int = Field(default=200, ge=1)
    """Legs that may ring or talk at the same time, of all calls."""
    legs_per_minute: int = Field(default=1200, ge=1)
    """Legs that may be placed in any minute, of all calls."""
    per_destination_per_minute: int = Field(default=60, ge=1)
    """Legs to the same number in any minute."""


class RecordingSettings(_Section):
    """How calls between two parties are recorded."""

    layout: Literal["stereo", "mixed"] = "stereo"
    """`stereo`: the caller left, the other right; `mixed`: both in one channel."""


class MailSettings(_Section):
    """The server that e-mail is handed to. Empty host: no e-mail."""

    host: str = ""
    """Address of the SMTP server; empty: e-mail is not sent, and says so."""
    port: Port = 587
    """Port of the SMTP server."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls`: encrypt after connecting; `tls`: from the start; `none`: a server nearby only."""
    username: str = ""
    """User at the SMTP server; empty: it asks for none."""
    password: SecretStr = SecretStr("")
    """Password at the SMTP server."""
    sender: str = ""
    """Address that e-mail comes from; empty: `ivrserver@` and this machine's name."""


class ListeningSettings(_Section):
    """How spoken words are recognised."""

    engines: tuple[str, ...] = ("pocketsphinx",)
    """Speech recognition engines in order of choice: `pocketsphinx`; empty: keys only."""
    timeout: Seconds = 4.0
    """Seconds after which an engine has failed."""


class AsteriskSettings(_Section):
    """Which Asterisk runs, and whether we run it."""

    binary: str = ""
    """Path of an Asterisk to use; empty: the one on the PATH, else a fetched one."""
    console_log: bool = False
    """Write Asterisk's verbose log too: each dialplan step of each call."""


def _default_cache() -> Path:
    if os.geteuid() == 0:
        return Path("/var/cache/ivrserver")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "ivrserver"


class PackageSettings(_Section):
    """Where programs that are not installed come from: Debian packages in a cache folder."""

    mirror: str = ""
    """URL of a Debian mirror; empty: the one in the machine's own apt sources."""
    suite: str = "forky"
    """Debian release that the packages come from."""
    allow_expired_index: bool = False
    """Accept a stale mirror's Release file although it has expired (signatures still count)."""
    cache: Folder = Field(default_factory=_default_cache, validate_default=True)
    """Where fetched programs are kept; root: `/var/cache/ivrserver`, else `~/.cache/ivrserver`."""


class AriSettings(_Section):
    """How the controller reaches Asterisk."""

    host: str = "127.0.0.1"
    """Address of Asterisk's HTTP server."""
    port: Port = 8088
    """Port of Asterisk's HTTP server."""
    username: str = "ivrserver"
    """ARI user."""
    password: SecretStr = SecretStr("")
    """ARI password; empty: one is made and kept in the data folder."""
    node: str = Field(default="main", pattern="^[a-z0-9]+$")
    """Name of this controller's machine, part of its Stasis application's name."""
    instance: int = Field(default=1, ge=1)
    """Number of this controller on its machine."""
    request_timeout: Seconds = 5.0
    """Seconds after which an ARI request without an answer has failed."""

    @property
    def application(self) -> str:
        """The Stasis application name of this controller, such as ``ivr-main-1``."""
        return f"ivr-{self.node}-{self.instance}"


class HttpSettings(_Section):
    """Where our own HTTP server listens."""

    host: str = "127.0.0.1"
    """Address that our own HTTP server listens on."""
    port: Port = 8080
    """Port of our own HTTP server."""


class SpeechSettings(_Section):
    """How prompts are spoken and how the audio reaches Asterisk."""

    engines: tuple[str, ...] = ("flite", "espeak")
    """TTS engines in order of choice: `flite`, `espeak`, `gtts`."""
    cache: Folder | None = None
    """Folder of spoken prompts; unset: `prompts` in the data folder."""
    rate: Literal[8000, 16000] = 8000
    """Samples per second of prompts."""
    concurrency: int = Field(default=2, ge=1)
    """Prompts that are made at the same time."""
    engine_timeout: Seconds = 20.0
    """Seconds after which an engine has failed."""
    retry_after: Seconds = 60.0
    """Seconds for which an engine that failed is passed over."""
    delivery: Literal["folder", "http"] = "folder"
    """`folder`: Asterisk reads the cache folder; `http`: Asterisk fetches from `public_url`."""
    public_url: str = ""
    """Our HTTP server as Asterisk reaches it, such as `http://10.0.0.2:8080`."""


class WebhookSettings(_Section):
    """Limits of a request to a customer's web server."""

    connect_timeout: Seconds = 5.0
    """Seconds until a connection must stand."""
    total_timeout: Seconds = 15.0
    """Seconds until the whole reply must be there."""
    hold_after: Seconds = 1.5
    """Seconds after which a waiting caller hears hold music."""
    max_reply_bytes: int = Field(default=65536, ge=1024)
    """Longest reply that is read."""
    allow_private: bool = False
    """Call web servers on private and loopback addresses too."""


class LimitSettings(_Section):
    """Guards against flows that never end."""

    blocks_per_call: int = Field(default=50, ge=1)
    """Building blocks that one call may visit."""
    visits_per_ivr: int = Field(default=10, ge=1)
    """Times that one call may enter the same IVR."""
    call_seconds: int = Field(default=14400, ge=60)
    """Longest call."""
    drain_seconds: float = Field(default=30.0, ge=0)
    """Seconds that live calls are given to end when the server is told to stop."""


class Settings(BaseSettings):
    """All settings. Load them with `load`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix="IVRSERVER_",
        env_nested_delimiter="__",
    )

    data: Folder = Path("var")
    """Folder of everything that is kept: database, prompts, recordings, Asterisk's files."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""
    account: AccountSettings = AccountSettings()
    database: DatabaseSettings = DatabaseSettings()
    sip: SipSettings = SipSettings()
    trunks: dict[Name, TrunkSettings] = Field(default_factory=dict)
    """Carriers, by name."""
    phones: dict[Name, PhoneSettings] = Field(default_factory=dict)
    """Registered phones, by name."""
    dial: DialSettings = DialSettings()
    recording: RecordingSettings = RecordingSettings()
    mail: MailSettings = MailSettings()
    listening: ListeningSettings = ListeningSettings()
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
