"""Pages out of a test's own templates, with assets that need no build."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import Request

from ivrserver.web.portal import Assets, Pages

NOW = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
FRONTEND = Path(__file__).parents[4] / "frontend"


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    """As if they had been built."""
    return built(tmp_path / "assets")


def built(folder: Path) -> Assets:
    """As if they had been built there, with all icons of the list."""
    folder.mkdir(parents=True)
    names = {f"{name}": f"{name.replace('.', '-A1.')}" for name in
             ("icons.svg", "favicon.svg", "portal.css", "portal.js")}  # fmt: skip
    for hashed in names.values():
        (folder / hashed).write_text(hashed)
    icons = (FRONTEND / "icons.txt").read_text().split()
    sprite = "".join(f'<symbol id="{name}"></symbol>' for name in icons)
    (folder / names["icons.svg"]).write_text(f"<svg>{sprite}</svg>")
    (folder / "manifest.json").write_text(json.dumps(names))
    return Assets.load(folder)


@pytest.fixture
def pages(assets: Assets, tmp_path: Path) -> Pages:
    """Looks for templates in `tmp_path` first."""
    return Pages(assets, ZoneInfo("America/New_York"), lambda: NOW, [tmp_path])


@pytest.fixture
def template(tmp_path: Path) -> Callable[[str], str]:
    """Writes a template and gives its name."""

    def write(text: str) -> str:
        (tmp_path / "page.html").write_text(text)
        return "page.html"

    return write


def request(path: str = "/calls", query: str = "", cookies: str = "") -> Request:
    """A browser's request for a page."""
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"ivr.test"), (b"cookie", cookies.encode())],
        }
    )
