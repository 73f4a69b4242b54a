"""The reference of all settings as Markdown, made from the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ivrserver.config import Settings
from ivrserver.config.told import flat, is_of_several, section_of

_HEAD = """# Settings

Settings come from the environment, then from a TOML file (`ivrserver.toml` in the current folder,
or `--settings FILE`), then from the defaults below. A wrong setting stops the start; every wrong
one is named at once.

```toml
# ivrserver.toml
data = "/var/lib/ivrserver"

[sip]
bind = "192.0.2.10"

[database]
url = "postgresql+asyncpg://ivrserver:secret@db.example.com/ivrserver"
```

The same by environment: `IVRSERVER_SIP__BIND=192.0.2.10` (two underscores between the parts).
Lists are written as JSON: `IVRSERVER_DIAL__ALLOW='["+1", "+44"]'`.

Passwords and tokens may be files, as Docker, Kubernetes and systemd hand them over: name their
folder in `IVRSERVER_SECRETS` (systemd's own `CREDENTIALS_DIRECTORY` is found by itself), and each
file after its setting: `database__url`, `trunks__carrier__password`. The environment wins over
them, they win over the TOML file.

A section of which there may be several has a name of your choice behind the dot: `[trunks.carrier]`
in the file, `IVRSERVER_TRUNKS__CARRIER__HOST=sip.example.com` by environment.
"""


def settings_reference() -> str:
    """Return the whole page `docs/reference/settings.md`."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    plain = {name: field for name, field in Settings.model_fields.items() if not section_of(field)}
    yield from _table("General", "At the top of the file.", plain)
    for name, field in Settings.model_fields.items():
        section = section_of(field)
        if section is not None:
            title = f"[{name}.NAME]" if is_of_several(field) else f"[{name}]"
            yield from _table(title, flat(section.__doc__), section.model_fields)


def _table(title: str, intro: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield f"\n## {title}\n\n{intro}\n"
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields.items():
        yield f"| `{name}` | {_default(field)} | {flat(field.description)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    if field.default_factory is not None or value is None:
        return ""
    match value:
        case SecretStr():
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
        case Path() | str():
            return f'`"{value}"`' if str(value) else "empty"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"
