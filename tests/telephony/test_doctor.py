"""What `ivrserver doctor` finds, with a real Asterisk beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from ivrserver.config import Settings
from ivrserver.doctor import Finding, examine
from ivrserver.storage import database, migrate
from ivrserver.telephony.asterisk import Asterisk, ports
from tests.asterisk_fixture import asterisk, asterisk_settings

__all__ = ["asterisk", "asterisk_settings"]

pytestmark = [pytest.mark.telephony]


async def found(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(settings)}


async def test_all_is_well_beside_a_running_asterisk(
    asterisk: Asterisk, asterisk_settings: Settings
) -> None:
    async with database(asterisk_settings) as engine:
        await migrate(engine)
    findings = await found(asterisk_settings)
    ours = ("Python", "Asterisk", "ARI", "sip.port", "ari.port", "http.port", "database")
    assert {name: findings[name] for name in ours if not findings[name].ok} == {}
    assert findings["sip.port"].detail.endswith("in use by us")
    assert findings["Asterisk"].detail.startswith(asterisk.version)


async def test_a_wrong_ari_password_is_named(asterisk: Asterisk) -> None:
    wrong = asterisk.settings.ari.model_copy(update={"password": SecretStr("wrong")})
    findings = await found(asterisk.settings.model_copy(update={"ari": wrong}))
    assert not findings["ARI"].ok
    assert "does not accept our name and password" in findings["ARI"].detail
    assert "ari.password" in findings["ARI"].mend
    assert "wrong" not in str(findings)


async def test_another_program_on_the_port_is_not_taken_for_asterisk(tmp_path: Path) -> None:
    settings = ports.fresh(Settings(data=tmp_path))
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.ari.port).start()
    findings = await found(settings)
    await runner.cleanup()
    assert "something else answers" in findings["ARI"].detail
    assert not findings["ari.port"].ok
    assert "set ari.port" in findings["ari.port"].mend


async def test_an_examination_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    findings = await found(ports.fresh(Settings(data=data)))
    assert not data.exists()
    assert not findings["ARI"].ok
    assert findings["sip.port"].ok
    assert findings["database"].ok


async def test_an_old_database_is_seen(tmp_path: Path) -> None:
    (tmp_path / "ivrserver.db").touch()
    findings = await found(ports.fresh(Settings(data=tmp_path)))
    assert not findings["database"].ok
    assert "no schema" in findings["database"].detail


async def test_a_setting_that_names_no_asterisk_is_told(tmp_path: Path) -> None:
    settings = ports.fresh(Settings(data=tmp_path))
    named = settings.asterisk.model_copy(update={"binary": str(tmp_path / "missing")})
    findings = await found(settings.model_copy(update={"asterisk": named}))
    assert not findings["Asterisk"].ok
    assert "asterisk.binary" in findings["Asterisk"].detail
