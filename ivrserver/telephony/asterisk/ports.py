"""Choose ports that are free.

Audio ports are not among them: Asterisk itself passes over those of its range that are taken, so
several may share one range.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import SetupError

# Below the ports that the system itself hands out (from 32768 on), away from the audio range and
# from those of scripted phones: what is free now must still be free when it is listened on.
_CHOICE: Final = range(20000, 30000)
_TRIES: Final = 200
_TCP: Final = (socket.SOCK_STREAM,)
_TCP_AND_UDP: Final = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that we, or Asterisk for us, listen on.

    Attributes:
        name: the setting that holds the port.
        host: address.
        port: port that is wished for.
        kinds: socket types.
    """

    name: str
    host: str
    port: int
    kinds: tuple[socket.SocketKind, ...]


def asterisk_listeners(settings: Settings) -> tuple[Listener, ...]:
    """What Asterisk listens on."""
    sip = settings.sip
    tls = (Listener("sip.tls_port", sip.bind, sip.tls_port, _TCP),) if settings.uses_tls else ()
    return (
        Listener("sip.port", sip.bind, sip.port, _TCP_AND_UDP),
        *tls,
        Listener("ari.port", settings.ari.listens_on, settings.ari.port, _TCP),
    )


def controller_listeners(settings: Settings) -> tuple[Listener, ...]:
    """What the controller listens on."""
    ours = Listener("http.port", settings.http.host, settings.http.port, _TCP)
    alone = settings.metrics.port if settings.metrics.enabled else None
    metrics = (Listener("metrics.port", settings.metrics.host, alone, _TCP),) if alone else ()
    return (ours, *metrics)


def listeners(settings: Settings) -> tuple[Listener, ...]:
    """Everything that listens when the settings are put to work on one machine."""
    return (*asterisk_listeners(settings), *controller_listeners(settings))


def available(settings: Settings, say: Callable[[str], None]) -> Settings:
    """Replace each port that is taken by a free one, and say so.

    Raises:
        SetupError: an address is not this machine's.
    """
    chosen: dict[str, int] = {}
    for listener in listeners(settings):
        if listener.port in chosen.values() or not _is_free(listener, listener.port):
            chosen[listener.name] = _free_port(listener, settings, chosen)
            say(f"{listener.name} {listener.port} is taken; using {chosen[listener.name]}")
        else:
            chosen[listener.name] = listener.port
    return _with(settings, chosen)


def fresh(settings: Settings) -> Settings:
    """Choose all ports anew, so that nothing meets what may be running already.

    Raises:
        SetupError: an address is not this machine's.
    """
    chosen: dict[str, int] = {}
    for listener in listeners(settings):
        chosen[listener.name] = _free_port(listener, settings, chosen)
    return _with(settings, chosen)


def _with(settings: Settings, ports: dict[str, int]) -> Settings:
    for name, port in ports.items():
        section, _, field = name.partition(".")
        changed = getattr(settings, section).model_copy(update={field: port})
        settings = settings.model_copy(update={section: changed})
    return settings


def _free_port(listener: Listener, settings: Settings, chosen: dict[str, int]) -> int:
    audio = range(settings.sip.rtp_start, settings.sip.rtp_end + 1)
    for _ in range(_TRIES):
        port = random.choice(_CHOICE)  # noqa: S311 - to stay out of each other's way, no secret
        if port not in chosen.values() and port not in audio and _is_free(listener, port):
            return port
    raise SetupError(f"{listener.name}: no free port found on {listener.host}")


def is_free(listener: Listener) -> bool:
    """Whether nobody listens there now.

    Raises:
        SetupError: the address is not this machine's.
    """
    return _is_free(listener, listener.port)


def _is_free(listener: Listener, port: int) -> bool:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    with ExitStack() as stack:
        for kind in listener.kinds:
            probe = stack.enter_context(socket.socket(family, kind))
            if kind is socket.SOCK_STREAM:
                # A port that a past connection still lingers on can be listened on.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listener.host, port))
            except PermissionError:
                return False
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
                raise SetupError(
                    f"{listener.name.partition('.')[0]}: cannot listen on {listener.host}: "
                    f"{error.strerror or error}"
                ) from error
    return True
