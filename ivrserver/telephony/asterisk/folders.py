"""Where one running Asterisk keeps what: inside the data folder, so far as Asterisk can."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from ivrserver import resources
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk.program import AsteriskProgram

# Asterisk keeps the path of a configuration file in 256 characters (main/config.c), and passes over
# an optional file without a word when that is not enough.
_LONGEST_DATA: Final = 200
# A Unix socket's path holds 107 characters; "/asterisk.ctl" is appended.
_LONGEST_RUN: Final = 90
_PRIVATE: Final = 0o700
_SHARED: Final = ("documentation", "rest-api", "static-http")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one Asterisk, named as in asterisk.conf.

    Attributes:
        etc: the filled-in configuration. Holds secrets: only its owner may look.
        custom: configuration of the user's own.
        modules: the program's modules.
        share: sounds, hold music, and links to the program's documentation.
        state: Asterisk's own database.
        cache: audio fetched over HTTP.
        spool: recordings.
        run: the control socket.
        log: log files.
    """

    etc: Path
    custom: Path
    modules: Path
    share: Path
    state: Path
    cache: Path
    spool: Path
    run: Path
    log: Path

    @classmethod
    def of(cls, data: Path, asterisk: AsteriskProgram, run: Path | None = None) -> Folders:
        """Lay the folders out in the data folder; `run` and `cache` may lie elsewhere.

        Raises:
            SetupError: Asterisk cannot handle a path of this length.
        """
        if len(os.fsencode(data)) > _LONGEST_DATA:
            raise SetupError(
                f"data: Asterisk handles folders of at most {_LONGEST_DATA} characters;"
                f" this one has {len(os.fsencode(data))}: {data}. Set data to a shorter one"
            )
        base = data / "asterisk"
        return cls(
            etc=base / "etc",
            custom=base / "custom",
            modules=asterisk.modules,
            share=base / "share",
            state=base / "state",
            cache=_cache_folder(base / "cache"),
            spool=base / "spool",
            run=run or _socket_folder(base / "run"),
            log=base / "log",
        )

    @property
    def configuration(self) -> Path:
        """The file that Asterisk is started with."""
        return self.etc / "asterisk.conf"

    @property
    def recordings(self) -> Path:
        """Where ARI's recordings lie."""
        return self.spool / "recording"

    def make(self, asterisk: AsteriskProgram) -> None:
        """Make the folders, and fill `share`.

        Raises:
            OSError: no room or no right.
        """
        keys = self.state / "keys"
        for folder in (self.custom, self.share, keys, self.recordings, self.log):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.etc, self.run, self.cache):
            _make_private(folder)
        ours = resources.folder("asterisk-config")
        sources = {name: asterisk.share / name for name in _SHARED}
        sources |= {name: ours / name for name in ("sounds", "moh")}
        for name, source in sources.items():
            _link(self.share / name, source)


def _make_private(folder: Path) -> None:
    """Make a folder that only we may enter; one that somebody else put there is not used."""
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "not a folder of ours", str(folder))
    folder.chmod(_PRIVATE)


def _link(link: Path, target: Path) -> None:
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    if target.exists():
        link.symlink_to(target)


def _socket_folder(wished: Path) -> Path:
    """A folder that is short enough for a socket, the same one for the same data folder."""
    return wished if len(str(wished)) <= _LONGEST_RUN else _elsewhere(wished)


def _cache_folder(wished: Path) -> Path:
    """A folder with no dot in its path: Asterisk takes what follows for the ending of the file.

    It would then find nothing of what it has fetched (main/media_cache.c).
    """
    return wished if "." not in str(wished) else _elsewhere(wished)


def _elsewhere(wished: Path) -> Path:
    """A short path outside the data folder; always the same one for the same folder."""
    mark = sha256(str(wished).encode()).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"ivrserver-{os.geteuid()}-{mark}"
