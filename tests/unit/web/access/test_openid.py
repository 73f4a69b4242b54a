"""Who signs in at the provider comes in, and nobody whom it does not rightly vouch for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from ivrserver.access import Role
from ivrserver.config import OidcSettings, load
from ivrserver.errors import ConfigError
from tests.unit.storage.people import BY, PASSWORD
from tests.unit.web.access.issuer import CLIENT, SECRET, Issuer, issuing, query, unsigned
from tests.unit.web.access.site import Browser, Site, site


class There:
    """The site, the provider, and a browser."""

    def __init__(self, site: Site, issuer: Issuer, browser: Browser) -> None:
        self.site, self.issuer, self.browser = site, issuer, browser

    async def sign_in(self, to: str = "/calls") -> tuple[int, str, str]:
        """Go there and back; the last answer's status, text and where it leads to."""
        status, text, headers = await self.browser.get(f"/sign-in/openid?next={to}")
        if status != 303:
            return status, text, ""
        async with (
            aiohttp.ClientSession() as client,
            client.get(headers["Location"], allow_redirects=False) as reply,
        ):
            back = reply.headers["Location"]
        return await self.come_back(back)

    async def come_back(self, address: str) -> tuple[int, str, str]:
        status, text, headers = await self.browser.get(address.removeprefix(self.site.address))
        return status, text, headers.get("Location", "")


@asynccontextmanager
async def there(folder: Path, **settings: Any) -> AsyncIterator[There]:
    async with issuing() as issuer:
        oidc = OidcSettings(
            issuer=issuer.address, client_id=CLIENT, client_secret=SECRET, **settings
        )
        async with site(folder, oidc=oidc) as place, place.browser() as browser:
            await place.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
            yield There(place, issuer, browser)


async def test_who_is_made_without_a_password_signs_in_at_the_provider(tmp_path: Path) -> None:
    async with there(tmp_path, label="Sign in at Example") as place:
        page = (await place.browser.get("/sign-in?next=/calls"))[1]
        assert "Sign in at Example" in page
        assert 'href="/sign-in/openid?next=%2Fcalls"' in page
        await place.site.place.users.add("mia", Role.EDITOR, BY)
        assert (await place.sign_in())[::2] == (303, "/calls")
        assert (await place.browser.who())["role"] == "editor"
        user = await place.site.place.users.get("mia")
        assert user.subject == f"{place.issuer.address} 42"
        place.issuer.claims["preferred_username"] = "renamed"
        assert (await place.sign_in())[0] == 303
        assert (await place.browser.who())["name"] == "mia", "known by who they are there"
        assert place.issuer.asked["scope"] == "openid profile email"
        assert place.issuer.asked["redirect_uri"] == f"{place.site.address}/sign-in/openid/back"


async def test_unknown_users_are_refused_or_made(tmp_path: Path) -> None:
    async with there(tmp_path) as place:
        status, page, _ = await place.sign_in()
        assert (status, "there is no user mia here" in page) == (403, True)
        assert (await place.browser.who())["status"] == 401
    async with there(tmp_path / "2", make_users=True) as place:
        assert (await place.sign_in())[0] == 303
        assert (await place.browser.who())["role"] == "viewer"


async def test_a_name_alone_takes_over_nobody(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True, name_claim="email") as place:
        users = place.site.place.users
        await users.add("mia", Role.ADMIN, BY, password=PASSWORD)
        place.issuer.claims["email"] = "Mia@example.com"
        status, page, _ = await place.sign_in()
        assert (status, "mia signs in by other means" in page) == (403, True)
        place.issuer.claims |= {"sub": "7", "email": "ben@example.com"}
        assert (await place.sign_in())[0] == 303
        place.issuer.claims |= {"sub": "8", "email": "ben@example.net"}
        assert (await place.sign_in())[0] == 403
        place.issuer.claims |= {"sub": "9", "email": "Müller@example.net"}
        assert "name is 1 to 32" in (await place.sign_in())[1]


async def test_groups_give_roles_at_each_sign_in(tmp_path: Path) -> None:
    roles = {"ivr": "viewer", "ivr-admins": "admin", "ivr-editors": "editor"}
    async with there(tmp_path, make_users=True, roles=roles) as place:
        for groups, role in (
            (["ivr", "ivr-admins", "x"], "admin"), (["ivr"], "viewer"), ("ivr-editors", "editor"),
        ):  # fmt: skip
            place.issuer.claims["groups"] = groups
            assert (await place.sign_in())[0] == 303
            assert (await place.browser.who())["role"] == role
        for groups in ([], ["x"], None, 7, {"ivr": 1}):
            place.issuer.claims["groups"] = groups
            status, page, _ = await place.sign_in()
            assert (status, "none of the groups" in page) == (403, True)


async def test_who_is_disabled_here_does_not_come_in(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True) as place:
        await place.sign_in()
        await place.site.place.users.change("mia", BY, disabled=True)
        status, page, _ = await place.sign_in()
        assert (status, "you are disabled here" in page) == (403, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"}, {"nonce": None}, {"iss": "https://evil.example"}, {"iss": None},
        {"aud": "another"}, {"aud": ["another"]}, {"aud": None}, {"sub": None},
        {"exp": int(time.time()) - 120}, {"exp": None}, {"azp": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
    ],
)  # fmt: skip
async def test_what_is_not_right_lets_nobody_in(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with there(tmp_path, make_users=True) as place:
        place.issuer.changes = changes
        with capture_logs() as logs:
            status, page, _ = await place.sign_in()
        assert status == 403
        assert "what the provider says is not right" in page
        assert (await place.browser.who())["status"] == 401
        assert len(await place.site.place.users.all()) == 1
        (line,) = [each for each in logs if each["event"] == "http_refused"]
        assert line["why"].startswith("OpenID Connect: ")


async def test_only_the_provider_signs(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True) as place:
        place.issuer.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
        assert (await place.sign_in())[0] == 403
        place.issuer.signs_with = None
        token = unsigned({"iss": place.issuer.address, "aud": CLIENT, "sub": "1"})
        for said in ({"id_token": token}, {"id_token": 7}, {}, {"error": "invalid_grant"}):
            place.issuer.says = said
            assert (await place.sign_in())[0] == 403
        assert (await place.browser.who())["status"] == 401


async def test_keys_that_have_come_since_are_fetched(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True) as place:
        assert (await place.sign_in())[0] == 303
        place.issuer.key = RSAKey.generate_key(2048, {"kid": "2"})
        assert (await place.sign_in())[0] == 303


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(tmp_path: Path) -> None:
    async with there(tmp_path) as place:
        place.issuer.issuer = "https://evil.example"
        status, page, _ = await place.sign_in()
        assert (status, "calls itself https://evil.example" in page) == (403, True)


async def test_a_code_that_this_browser_did_not_ask_for_is_refused(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True) as place:
        headers = (await place.browser.get("/sign-in/openid"))[2]
        state = query(headers["Location"])["state"]
        for address in (
            "/sign-in/openid/back", "/sign-in/openid/back?code=x&state=x",
            f"/sign-in/openid/back?code=x&state={state}x", "/sign-in/openid/back?code=x&state=é",
        ):  # fmt: skip
            assert (await place.come_back(address))[0] == 403
        async with place.site.browser() as other:
            status, page, _ = await other.get(f"/sign-in/openid/back?code=x&state={state}")
            assert (status, "begun elsewhere" in page) == (403, True)


async def test_a_code_is_good_once_and_nothing_leads_elsewhere(tmp_path: Path) -> None:
    async with there(tmp_path, make_users=True) as place:
        assert (await place.sign_in("//evil.example"))[::2] == (303, "/")
        headers = (await place.browser.get("/sign-in/openid"))[2]
        cookie = headers["Set-Cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "max-age=600" in cookie
        state = query(headers["Location"])["state"]
        status, page, _ = await place.come_back(
            f"/sign-in/openid/back?error=access_denied<b>&state={state}"
        )
        assert (status, "access_denied&lt;b&gt;" in page) == (403, True)


async def test_a_provider_that_is_away_is_told(tmp_path: Path) -> None:
    oidc = OidcSettings(issuer="http://127.0.0.1:9", client_id=CLIENT)
    async with site(tmp_path, oidc=oidc) as place, place.browser() as browser:
        status, page, _ = await browser.get("/sign-in/openid")
        assert (status, "the provider does not answer" in page) == (403, True)


async def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.browser() as browser:
        await place.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
        assert (await browser.get("/sign-in/openid"))[0] == 404
        assert "/sign-in/openid" not in (await browser.get("/sign-in"))[1]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ISSUER", "http://login.example.com", "oidc.issuer: write it as the provider does"),
        ("ISSUER", "https://login.example.com", "oidc: client_id: the provider has given one"),
        ("SCOPES", '["profile"]', "oidc: scopes: openid must be among them"),
        ("ROLES", '{"x": "boss"}', "oidc.roles.x"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"IVRSERVER_OIDC__{name}", value)
    with pytest.raises(ConfigError, match=told):
        load()
