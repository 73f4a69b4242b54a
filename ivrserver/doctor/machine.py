"""Examine what the machine gives: open files, the time, room on its disks; and who reaches ARI."""

from __future__ import annotations

import ctypes
import ipaddress
import resource
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import ivrserver
from ivrserver.config import Settings
from ivrserver.doctor.finding import Finding
from ivrserver.storage.database import is_sqlite, place_of, url_of

_FILES_OF_A_PARTY: Final = 5
"""Descriptors that Asterisk takes for each caller and each leg, two RTP ports among them."""
_FILES_OF_ASTERISK: Final = 2500
"""Its HTTP server's 2,000 connections, its modules and logs."""
_FILES_OF_A_CALL: Final = 1
"""Of the controller: its webhook."""
_FILES_OF_A_CONTROLLER: Final = 500
_LEAST_FREE: Final = 1_000_000_000
_GB: Final = 1_000_000_000
_BYTES_OF_AN_HOUR: Final = 3600 * 8000 * 2
"""Of a recording: 8,000 samples a second, 16 bits, one channel."""
_SLACK: Final = timedelta(days=1)
"""What a file's time may be ahead: it may have been packed in another time zone."""
_UNSYNCHRONISED: Final = 0x40
"""Status bit STA_UNSYNC. Source: adjtimex(2), as for the structure."""
_TIMEX_BYTES: Final = 512
_STATUS_AT: Final = 5 * ctypes.sizeof(ctypes.c_long)


def open_files(settings: Settings, asterisk_is_here: bool) -> Finding:
    """Whether as many files may be open as `limits.calls` calls need at once."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _open_files(settings, asterisk_is_here, hard)


def _open_files(settings: Settings, asterisk_is_here: bool, limit: int) -> Finding:
    calls, legs = settings.limits.calls, settings.dial.simultaneous_legs
    needed = _FILES_OF_A_CONTROLLER + calls * _FILES_OF_A_CALL
    if asterisk_is_here:
        needed = _FILES_OF_ASTERISK + (calls + legs) * _FILES_OF_A_PARTY
    detail = f"{calls} calls at once need {needed}"
    if limit == resource.RLIM_INFINITY:
        return Finding("open files", ok=True, detail=f"{detail}; there is no limit")
    detail += f", {limit} may be open"
    if limit >= needed:
        return Finding("open files", ok=True, detail=detail)
    mend = (
        f"raise the limit to {needed} or more: LimitNOFILE= of a systemd service, --ulimit nofile"
        " of a container, ulimit -Hn before a start by hand; or lower limits.calls"
    )
    return Finding("open files", ok=False, detail=detail, mend=mend)


def clock(settings: Settings) -> Finding:
    """Whether the time can be right, and stays so."""
    made = datetime.fromtimestamp(Path(ivrserver.__file__).stat().st_mtime, UTC)
    return _clock(datetime.now(UTC), made, _is_synchronised(), _is_for_others(settings))


def _clock(now: datetime, made: datetime, synchronised: bool | None, for_others: bool) -> Finding:
    detail = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    by_ntp = "apt-get install systemd-timesyncd, or chrony; of a virtual machine, its host's clock"
    if now + _SLACK < made:
        detail += f", which is before this program came here ({made:%Y-%m-%d})"
        return Finding("clock", ok=False, detail=detail, mend=f"set it, by NTP: {by_ntp}")
    if synchronised is None:
        return Finding("clock", ok=True, detail=detail)
    if synchronised:
        return Finding("clock", ok=True, detail=f"{detail}, synchronised")
    detail += ", not synchronised"
    if not for_others:
        return Finding("clock", ok=True, detail=f"{detail}; none but this machine needs it")
    detail += ": signatures, certificates and the times of calls depend on it"
    return Finding("clock", ok=False, detail=detail, mend=f"let NTP set it: {by_ntp}")


def _is_synchronised() -> bool | None:
    """Whether something keeps the kernel's clock right; None: the kernel does not tell."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes 0: nothing is set
    try:
        state = ctypes.CDLL(None).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    status = ctypes.c_int.from_buffer(timex, _STATUS_AT).value
    return None if state < 0 else not status & _UNSYNCHRONISED


def _is_for_others(settings: Settings) -> bool:
    return not _is_loopback(settings.sip.bind)


def ari_reach(settings: Settings) -> list[Finding]:
    """Who may reach ARI, if that is more than this machine."""
    ari = settings.ari
    if _is_loopback(ari.listens_on):
        return []
    where = f"listens on {ari.listens_on}"
    if ari.accept_from:
        accepted = ", ".join(str(each) for each in ari.accept_from)
        return [Finding("who reaches ARI", ok=True, detail=f"{where} for {accepted}")]
    mend = (
        'name the controllers in ari.accept_from, such as ["10.0.0.11"]; or, if there is none'
        ' elsewhere, set ari.bind = "127.0.0.1"'
    )
    detail = f"{where}, for everybody: who has its password hears every call"
    return [Finding("who reaches ARI", ok=False, detail=detail, mend=mend)]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def disks(settings: Settings, free: Callable[[Path], int] = _free) -> list[Finding]:
    """Whether there is room wherever something is written.

    Args:
        settings: say where that is.
        free: the free bytes of the disk that a folder is on.

    Raises:
        ConfigError: the database's URL is wrong.
    """
    findings = []
    for name, folder in _written(settings):
        room = free(_existing(folder))
        detail = f"{room / _GB:.1f} GB free in {folder}"
        if name == "recordings":
            detail += f", {room // _BYTES_OF_AN_HOUR} hours of talk"
        enough = room >= _LEAST_FREE
        mend = "" if enough else f"make room, or set {_setting(name)} to a folder with 1 GB free"
        if name in ("recordings", "store") and not enough:
            mend += "; retention.recordings deletes old ones"
        findings.append(Finding(f"disk ({name})", ok=enough, detail=detail, mend=mend))
    return findings


def _written(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Each kind of what is written, and the folder of it."""
    yield "data", settings.data
    url = url_of(settings)
    if is_sqlite(url):
        yield "database", Path(place_of(url)).absolute().parent
    yield "recordings", settings.recording_folder
    if not settings.store.bucket:
        yield "store", settings.store.folder or settings.data / "store"
    yield "packages.cache", settings.packages.cache


def _setting(name: str) -> str:
    """The setting that names the folder."""
    names = {"database": "database.url", "recordings": "recording.folder or data"}
    return {**names, "store": "store.url"}.get(name, name)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
