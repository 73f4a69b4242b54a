"""The settings in force, for people: value, origin, default and meaning; without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from ivrserver.config.origins import BETWEEN, PREFIX, Origin, origin_of

IS_SET: Final = "set"
NOT_SET: Final = "not set"
_LOGIN: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""Who logs in, in an address."""


@dataclass(frozen=True, slots=True)
class Told:
    """One setting.

    Attributes:
        name: as in the file, such as ``sip.port``.
        variable: of the environment that sets it.
        value: in force; of a secret only whether it is set.
        default: what it is if nobody says; empty: it must be given, or depends on others.
        origin: where the value has come from.
        meaning: in words.
        secret: nobody is shown the value.
    """

    name: str
    variable: str
    value: str
    default: str
    origin: Origin
    meaning: str
    secret: bool


@dataclass(frozen=True, slots=True)
class ToldSection:
    """Settings that belong together.

    Attributes:
        name: as in the file, such as ``sip`` or ``trunks.carrier``; empty: the top of the file.
        meaning: in words.
    """

    name: str
    meaning: str
    settings: tuple[Told, ...]


def told(settings: BaseModel) -> list[ToldSection]:
    """All settings by section, those of `ivrserver.config.Settings` as `load` returns them."""
    plain = [name for name, field in _fields(settings).items() if section_of(field) is None]
    sections = [ToldSection("", "At the top of the file.", tuple(_told(settings, settings, plain)))]
    for name, field in _fields(settings).items():
        model = section_of(field)
        if model is None:
            continue
        value, meaning = getattr(settings, name), flat(model.__doc__)
        several = value if isinstance(value, Mapping) else {"": value}
        for own, section in several.items():
            where = f"{name}.{own}" if own else name
            found = _told(settings, section, list(_fields(section)), f"{where}.")
            sections.append(ToldSection(where, meaning, tuple(found)))
    return sections


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a section, or of each section of one kind; None: a plain setting."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next(
        (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None
    )


def is_of_several(field: FieldInfo) -> bool:
    """Whether there may be several sections of that kind, each with a name."""
    return get_origin(field.annotation) is dict


def flat(text: str | None) -> str:
    """A docstring in one line."""
    return " ".join((text or "").split())


def values(settings: BaseModel) -> dict[str, Any]:
    """Every value by the name of its setting."""
    found: dict[str, Any] = {}
    for name in _fields(settings):
        value = getattr(settings, name)
        inner = value if isinstance(value, Mapping) else {}
        if isinstance(value, BaseModel):
            found |= {f"{name}.{own}": each for own, each in values(value).items()}
        elif any(isinstance(each, BaseModel) for each in inner.values()):
            for key, each in inner.items():
                found |= {f"{name}.{key}.{own}": one for own, one in values(each).items()}
        else:
            found[name] = value
    return found


def _told(settings: Any, section: BaseModel, names: list[str], before: str = "") -> Iterator[Told]:
    for name in names:
        field, value = _fields(section)[name], getattr(section, name)
        whole = f"{before}{name}"
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        yield Told(
            name=whole,
            variable=PREFIX + whole.upper().replace(".", BETWEEN),
            value=shown(value),
            default="" if field.is_required() else shown(default),
            origin=_origin(settings, whole, value, is_default=value == _whole(default)),
            meaning=flat(field.description),
            secret=_is_secret(value),
        )


def _origin(settings: Any, name: str, value: Any, *, is_default: bool) -> Origin:
    found = origin_of(name, settings.origins)
    if found is not None and settings.as_loaded.get(name, value) == value:
        return found
    return Origin.DEFAULT if is_default else Origin.START


def _whole(default: Any) -> Any:
    """A default as it is in force: defaults are not validated."""
    return default.expanduser().absolute() if isinstance(default, Path) else default


def shown(value: Any) -> str:
    """A value for people, without secrets."""
    match value:
        case SecretStr() | SecretBytes():
            return IS_SET if value.get_secret_value() else NOT_SET
        case None:
            return NOT_SET
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case Mapping():
            return ", ".join(f"{name} = {shown(each)}" for name, each in value.items())
        case tuple() | list():
            return ", ".join(shown(each) for each in value)
        case _:
            return _LOGIN.sub("…", str(value))


def _is_secret(value: Any) -> bool:
    inner = list(value.values()) if isinstance(value, Mapping) else [value]
    return any(isinstance(each, SecretStr | SecretBytes) for each in inner)


def _fields(section: BaseModel) -> Mapping[str, FieldInfo]:
    return type(section).model_fields
