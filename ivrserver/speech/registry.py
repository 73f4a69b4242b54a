"""Find the engines that the settings name among those that installed packages provide."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ivrserver.errors import ConfigError, SetupError


def named(group: str, names: Sequence[str], setting: str) -> list[tuple[str, Any]]:
    """The factories of `names`, in order, each once.

    Args:
        group: entry-point group that engines register themselves in.
        setting: where `names` come from, for people.

    Raises:
        ConfigError: one that nobody provides.
        SetupError: one cannot be loaded.
    """
    provided = {entry.name: entry for entry in entry_points(group=group)}
    if unknown := [name for name in names if name not in provided]:
        raise ConfigError(f"{setting}: there is no engine {', '.join(unknown)}; {installed(group)}")
    return [(name, _loaded(provided[name])) for name in dict.fromkeys(names)]


def installed(group: str) -> str:
    """Which engines there are, for people."""
    return f"installed are: {', '.join(sorted(e.name for e in entry_points(group=group)))}"


def _loaded(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as error:
        # Loading runs code that anybody may have written.
        message = f"speech engine {entry.name} ({entry.value}) cannot be loaded: {error}"
        raise SetupError(message) from error
