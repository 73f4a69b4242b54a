"""The reference of all settings as Markdown, made from the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from ivrserver.config import Settings

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
"""


def settings_reference() -> str:
    """Return the whole page `docs/reference/settings.md`."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    plain = {name: field for name, field in Settings.model_fields.items() if not _model(field)}
    yield from _table("General", "At the top of the file.", plain)
    for name, field in Settings.model_fields.items():
        section = _model(field)
        if section is not None:
            yield from _table(f"[{name}]", section.__doc__ or "", section.model_fields)


def _model(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(title: str, intro: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield f"\n## {title}\n\n{intro}\n"
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields.items():
        yield f"| `{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
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
