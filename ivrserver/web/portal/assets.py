"""What browsers are given beside pages, built by `make assets`: scripts, style sheets, icons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from ivrserver.errors import SetupError

ASSETS_PATH: Final = "/assets"
BUILT: Final = Path(__file__).parents[1] / "assets"
"""Where the build puts them, in a checkout and in the installed package alike."""

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Assets:
    """The files that were built.

    Attributes:
        folder: where they are.
        names: what a file is called in sources, such as ``portal.css``, and in the folder now.
        icons: the icons that there are.
    """

    folder: Path
    names: Mapping[str, str]
    icons: frozenset[str]

    @classmethod
    def load(cls, folder: Path = BUILT) -> Assets:
        """Read what was built.

        Raises:
            SetupError: nothing was; says what to do.
        """
        try:
            names = json.loads((folder / "manifest.json").read_text())
            sprite = (folder / names["icons.svg"]).read_text()
        except (OSError, ValueError, KeyError) as error:
            raise SetupError(
                f"the portal's scripts and style sheets are not in {folder}: "
                "run `make assets` in the checkout, before it is made a package"
            ) from error
        icons = (part.split('"', 1)[0] for part in sprite.split('<symbol id="')[1:])
        return cls(folder, names, frozenset(icons))

    def address(self, name: str) -> str:
        """Where browsers find a file.

        Raises:
            KeyError: nothing of that name was built.
        """
        return f"{ASSETS_PATH}/{self.names[name]}"

    def icon(self, name: str) -> str:
        """Where browsers find an icon.

        Raises:
            KeyError: it is not in frontend/icons.txt.
        """
        if name not in self.icons:
            raise KeyError(f"there is no icon {name!r}: add it to frontend/icons.txt")
        return f"{self.address('icons.svg')}#{name}"


def asset_routes(assets: Assets) -> APIRouter:
    """Everybody is given these files: there is nothing in them that is not in the product.

    A file's name says what is in it, so that it may be kept for ever.
    """
    router = APIRouter()
    files = {path.name: path for path in assets.folder.iterdir() if path.suffix in _MEDIA_TYPES}

    @router.api_route(ASSETS_PATH + "/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    async def asset(name: str) -> FileResponse:
        path = files.get(name)
        if path is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return FileResponse(
            path, headers={"Cache-Control": _FOR_EVER}, media_type=_MEDIA_TYPES[path.suffix]
        )

    return router
