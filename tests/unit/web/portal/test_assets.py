"""Scripts and style sheets are there for everybody, and for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from ivrserver.errors import SetupError
from ivrserver.web import plain_app
from ivrserver.web.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from ivrserver.web.portal import Assets, asset_routes


def client(assets: Assets) -> AsyncClient:
    app = plain_app(asset_routes(assets))
    app.add_middleware(SecurityHeaders)
    return AsyncClient(transport=ASGITransport(app), base_url="http://ivr.test")


async def test_a_file_may_be_kept_for_ever_as_its_name_says_what_is_in_it(
    assets: Assets,
) -> None:
    answer = await client(assets).get(assets.address("portal.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("name", ["manifest.txt", "..%2Fapp.py", "portal.css", "built-from", ""])
async def test_nothing_else_is_given_away(assets: Assets, name: str) -> None:
    (assets.folder / "built-from").write_text("secret")
    answer = await client(assets).get(f"/assets/{name}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_without_a_build_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="run `make assets` in the checkout"):
        Assets.load(tmp_path)
