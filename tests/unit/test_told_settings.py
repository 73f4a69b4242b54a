"""The settings in force as people are shown them: where each has come from, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import Settings, load
from ivrserver.config.origins import Origin
from ivrserver.config.told import Told, told


def by_name(settings: Settings) -> dict[str, Told]:
    return {each.name: each for section in told(settings) for each in section.settings}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    file = tmp_path / "ivrserver.toml"
    file.write_text(
        '[sip]\nport = 5062\n[phones.desk]\npassword = "hidden-1"\n[http]\nport = 8081\n'
    )
    sealed = tmp_path / "sealed"
    sealed.mkdir()
    (sealed / "http__token").write_text("hidden-2-hidden-2")
    monkeypatch.setenv("IVRSERVER_SECRETS", str(sealed))
    monkeypatch.setenv("IVRSERVER_TRUNKS", '{"carrier": {"host": "sip.example.com"}}')
    monkeypatch.setenv("IVRSERVER_SPEECH__PUBLIC_URL", "http://me:hidden-3@speech.example.com/")
    monkeypatch.setenv("IVRSERVER_TRACES__HEADERS__KEY", "hidden-4")
    return load(file)


def test_each_says_where_it_has_come_from(settings: Settings) -> None:
    origins = {name: each.origin for name, each in by_name(settings).items()}
    assert origins["sip.port"] is Origin.FILE
    assert origins["phones.desk.password"] is Origin.FILE
    assert origins["phones.desk.extension"] is Origin.DEFAULT
    assert origins["http.token"] is Origin.SEALED
    assert origins["trunks.carrier.host"] is Origin.ENVIRONMENT
    assert origins["trunks.carrier.port"] is Origin.DEFAULT
    assert origins["traces.headers"] is Origin.ENVIRONMENT
    assert origins["data"] is Origin.DEFAULT


def test_what_the_program_has_chosen_since_is_told_as_that(settings: Settings) -> None:
    http = settings.http.model_copy(update={"port": 8082})
    changed = by_name(settings.model_copy(update={"http": http}))["http.port"]
    assert (changed.value, changed.default, changed.origin) == ("8082", "8080", Origin.START)


def test_no_secret_is_told(settings: Settings) -> None:
    found = by_name(settings)
    assert "hidden" not in repr(list(found.values()))
    assert (found["http.token"].value, found["http.token"].secret) == ("set", True)
    assert found["mail.password"].value == "not set"
    assert found["speech.public_url"].value == "http://…@speech.example.com/"
    assert found["traces.headers"].secret


def test_everything_is_told_with_its_meaning_and_variable(settings: Settings) -> None:
    found = by_name(settings)
    assert len(found) > 100
    assert all(each.meaning for each in found.values())
    assert found["sip.port"].variable == "IVRSERVER_SIP__PORT"
