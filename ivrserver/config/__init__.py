"""Settings: frozen, from defaults, one TOML file and the environment, checked all at once.

Order of precedence: environment (``IVRSERVER_SIP__PORT=5070``: two underscores between the parts;
``IVRSERVER_TRUNKS__CARRIER__HOST``), files of secrets, the TOML file, the defaults below. Every
default serves ``make up`` on a laptop.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ivrserver.config.access import OidcSettings, SignInSettings
from ivrserver.config.ari import AriSettings, AsteriskPlace
from ivrserver.config.cluster import ClusterSettings
from ivrserver.config.limits import LimitSettings
from ivrserver.config.monitoring import MetricsSettings, TracesSettings
from ivrserver.config.network import NetworkSettings
from ivrserver.config.origins import Origins, origins
from ivrserver.config.retention import RetentionSettings
from ivrserver.config.secrets import secrets
from ivrserver.config.section import Folder, Line, Port, Seconds, Section, Token, from_here
from ivrserver.config.sip import (
    DialSettings,
    Name,
    PhoneSettings,
    SipSettings,
    TrunkSettings,
    contradictions,
    uses_tls,
)
from ivrserver.config.softphone import SoftphoneSettings
from ivrserver.config.speech import ListeningSettings, SpeechSettings
from ivrserver.config.store import StoreSettings
from ivrserver.config.told import values as every_value
from ivrserver.config.transcription import TranscriptionSettings
from ivrserver.config.webhook import WebhookSettings
from ivrserver.errors import ConfigError

__all__ = [
    "AriSettings",
    "AsteriskPlace",
    "ClusterSettings",
    "DialSettings",
    "LimitSettings",
    "NetworkSettings",
    "OidcSettings",
    "PhoneSettings",
    "RetentionSettings",
    "Settings",
    "SignInSettings",
    "SipSettings",
    "SoftphoneSettings",
    "StoreSettings",
    "TracesSettings",
    "TranscriptionSettings",
    "TrunkSettings",
    "WebhookSettings",
    "load",
]

FIRST_ASTERISK = "main"
"""Name of the only Asterisk."""


class AccountSettings(Section):
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


class DatabaseSettings(Section):
    """Where rows are kept."""

    url: SecretStr = SecretStr("")
    """`postgresql+asyncpg://user:password@host/name`; empty: SQLite in the data folder."""
    commit_wait: Seconds = 2.0
    """Seconds a call waits for an answer to be durable while the database is away."""
    upgrade_on_start: bool = True
    """Bring an older schema up to date at every start; false: `ivrserver database upgrade` does."""


class RecordingSettings(Section):
    """How calls between two parties are recorded."""

    layout: Literal["stereo", "mixed"] = "stereo"
    """`stereo`: the caller left, the other right; `mixed`: both in one channel."""
    folder: Folder | None = None
    """Asterisk's recording folder, if this machine sees it; unset: the one in the data folder."""


class MailSettings(Section):
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


class AsteriskSettings(Section):
    """Which Asterisk runs, and whether we run it."""

    binary: str = ""
    """Path of an Asterisk to use; empty: the one on the PATH, else a fetched one."""
    console_log: bool = False
    """Write Asterisk's verbose log too: each dialplan step of each call."""
    log_to_output: bool = False
    """Write Asterisk's messages to the output of `ivrserver asterisk` too: for containers."""
    run: Folder | None = None
    """Folder of Asterisk's control socket, such as `/run/asterisk`; unset: in the data folder."""
    silent_seconds: Seconds = 60.0
    """Seconds without an answer after which `ivrserver asterisk` gives Asterisk up and ends."""


def _default_cache() -> Path:
    if os.geteuid() == 0:
        return Path("/var/cache/ivrserver")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "ivrserver"


class PackageSettings(Section):
    """Where programs that are not installed come from: Debian packages in a cache folder."""

    mirror: str = ""
    """URL of a Debian mirror; empty: the one in the machine's own apt sources."""
    suite: str = "forky"
    """Debian release that the packages come from."""
    allow_expired_index: bool = False
    """Accept a stale mirror's Release file although it has expired (signatures still count)."""
    cache: Folder = Field(default_factory=_default_cache, validate_default=True)
    """Where fetched programs are kept; root: `/var/cache/ivrserver`, else `~/.cache/ivrserver`."""


class HttpSettings(Section):
    """Where our own HTTP server listens."""

    host: str = "127.0.0.1"
    """Address that our own HTTP server listens on."""
    port: Port = 8080
    """Port of our own HTTP server."""
    public_url: Line = ""
    """How others reach it, such as `https://ivr.example.com`; empty: its address and port."""
    token: Token = SecretStr("")
    """Bearer token of the HTTP API, at least 16 characters; empty: there is no API."""

    @property
    def reached_at(self) -> str:
        """How others reach it."""
        named = from_here(self.host)
        host = f"[{named}]" if ":" in named else named
        return self.public_url or f"http://{host}:{self.port}"


class AudioSettings(Section):
    """What the audio library takes."""

    max_files: int = Field(default=1000, ge=1)
    """Files in the library."""
    max_bytes: int = Field(default=50_000_000, ge=1000)
    """Size of one file."""
    max_seconds: int = Field(default=600, ge=1)
    """Length of one file."""
    max_name: int = Field(default=100, ge=1, le=200)
    """Characters of a name."""


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
    network: NetworkSettings = NetworkSettings()
    trunks: dict[Name, TrunkSettings] = Field(default_factory=dict)
    """Carriers, by name."""
    phones: dict[Name, PhoneSettings] = Field(default_factory=dict)
    """Registered phones, by name."""
    softphone: SoftphoneSettings = SoftphoneSettings()
    dial: DialSettings = DialSettings()
    recording: RecordingSettings = RecordingSettings()
    store: StoreSettings = StoreSettings()
    mail: MailSettings = MailSettings()
    listening: ListeningSettings = ListeningSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    packages: PackageSettings = PackageSettings()
    ari: AriSettings = AriSettings()
    asterisks: dict[Name, AsteriskPlace] = Field(default_factory=dict)
    """Asterisks, by name, if there are several; none: the one of `ari`, named `main`."""
    cluster: ClusterSettings = ClusterSettings()
    http: HttpSettings = HttpSettings()
    sign_in: SignInSettings = SignInSettings()
    oidc: OidcSettings = OidcSettings()
    audio: AudioSettings = AudioSettings()
    speech: SpeechSettings = SpeechSettings()
    webhook: WebhookSettings = WebhookSettings()
    limits: LimitSettings = LimitSettings()
    retention: RetentionSettings = RetentionSettings()
    metrics: MetricsSettings = MetricsSettings()
    traces: TracesSettings = TracesSettings()

    _origins: Origins = PrivateAttr(default_factory=dict)
    _as_loaded: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def origins(self) -> Origins:
        """Where settings come from that `load` has found somewhere."""
        return self._origins

    @property
    def as_loaded(self) -> Mapping[str, Any]:
        """What `load` has read, by name: the program may have chosen other values since."""
        return self._as_loaded

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over secrets, and both over the file: the init arguments."""
        del settings_cls, dotenv_settings
        return env_settings, *secrets(file_secret_settings), init_settings

    @model_validator(mode="after")
    def _agreeing(self) -> Self:
        wrong = [
            *contradictions(self.sip, self.trunks, self.phones),
            *self.network.contradictions(self.trunks, self.phones),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    @property
    def uses_tls(self) -> bool:
        """Whether Asterisk listens for, or connects by, SIP over TLS."""
        return uses_tls(self.sip, self.trunks)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database. Holds a password: never log it."""
        given = self.database.url.get_secret_value()
        return given or f"sqlite+aiosqlite:///{self.data / 'ivrserver.db'}"

    @property
    def places(self) -> Mapping[str, AriSettings]:
        """How each Asterisk is reached, by its name."""
        if not self.asterisks:
            return {FIRST_ASTERISK: self.ari}
        return {name: place.over(self.ari) for name, place in self.asterisks.items()}

    @property
    def speech_cache(self) -> Path:
        """Folder of spoken prompts."""
        return self.speech.cache or self.data / "prompts"

    @property
    def model_folder(self) -> Path:
        """Folder of models that write down what was said."""
        return self.transcription.whisper_folder or self.data / "models"

    @property
    def audio_folder(self) -> Path:
        """Folder of the audio library's files."""
        return self.data / "audio"

    @property
    def making_folder(self) -> Path:
        """Folder of files on their way into the store; what is left there is swept."""
        return self.data / "making"

    @property
    def recording_folder(self) -> Path:
        """Folder of recordings, those that Asterisk makes among them."""
        return self.recording.folder or self.data / "asterisk" / "spool" / "recording"


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
    source = f"{path} and the environment" if values else "the environment"
    try:
        settings = Settings(**values)
    except SettingsError as error:
        # Only the environment is parsed by the library; its text names the setting alone.
        raise ConfigError(
            f"wrong settings in the environment: {error}; lists are written as JSON,"
            """ such as '["+1", "+44"]'"""
        ) from error
    except ValidationError as error:
        lines = [line for problem in _problems(error) for line in _told(problem)]
        raise ConfigError("\n".join([f"wrong settings in {source}:", *lines])) from error
    settings._origins, settings._as_loaded = origins(values), every_value(settings)
    return settings


def _problems(error: ValidationError) -> Sequence[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _told(problem: ErrorDetails) -> Iterator[str]:
    where = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    for what in problem["msg"].removeprefix("Value error, ").splitlines():
        yield f"  {where}: {what}" if where else f"  {what}"
