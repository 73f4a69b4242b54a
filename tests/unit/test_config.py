"""Settings: precedence, and every error at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import load
from ivrserver.errors import ConfigError
from ivrserver.reference import settings_reference


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_file_the_defaults_hold() -> None:
    settings = load()
    assert settings.sip.port == 5060
    assert settings.database_url.startswith("sqlite+aiosqlite:///")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ivrserver.toml").write_text('[sip]\nport = 5070\nbind = "127.0.0.2"\n')
    monkeypatch.setenv("IVRSERVER_SIP__PORT", "5080")
    settings = load()
    assert (settings.sip.port, settings.sip.bind) == (5080, "127.0.0.2")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fd00::1", "http://[fd00::1]:8080"),
    ],
)
def test_where_it_listens_everywhere_people_are_told_an_address_that_exists(
    host: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVRSERVER_HTTP__HOST", host)
    assert load().http.reached_at == told
    monkeypatch.setenv("IVRSERVER_HTTP__PUBLIC_URL", "https://ivr.example.com")
    assert load().http.reached_at == "https://ivr.example.com"


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[sip]\nport = 0\nprot = 1\n[account]\ntime_zone = "Mars/Olympus"\n')
    with pytest.raises(ConfigError) as caught:
        load(file)
    text = str(caught.value)
    assert "other.toml" in text
    assert "sip.port:" in text
    assert "sip.prot:" in text
    assert "account.time_zone: " in text
    assert "Europe/Berlin" in text


def test_a_file_that_is_not_toml_or_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the settings file"):
        load(tmp_path / "missing.toml")
    (tmp_path / "bad.toml").write_text("sip = [")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "bad.toml")


def test_a_secret_in_a_wrong_file_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret.toml"
    file.write_text('[ari]\npassword = ["hunter2"]\n')
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert "hunter2" not in str(caught.value)


def test_lists_that_are_no_json_in_the_environment_are_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IVRSERVER_DIAL__ALLOW", "+1")
    with pytest.raises(ConfigError, match="lists are written as JSON") as caught:
        load()
    assert "dial" in str(caught.value)


def test_the_settings_reference_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_reference(), (
        "run: .venv/bin/ivrserver settings > docs/reference/settings.md"
    )


def test_a_secret_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, text in {
        "ari__password": "from a file\n",
        "http__token": "a token of a file",
        "trunks__carrier__password": "carrier's",
        "tls.key": "somebody else's",
        "other__thing": "of another program",
    }.items():
        (folder / name).write_text(text)
    (tmp_path / "ivrserver.toml").write_text(
        '[ari]\npassword = "of toml"\n[trunks.carrier]\nhost = "a.example"\nusername = "u"\n'
    )
    monkeypatch.setenv("IVRSERVER_HTTP__TOKEN", "the token of the environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    settings = load()
    assert settings.ari.password.get_secret_value() == "from a file"
    assert settings.http.token.get_secret_value() == "the token of the environment"
    assert settings.trunks["carrier"].password.get_secret_value() == "carrier's"


def test_a_folder_of_secrets_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVRSERVER_SECRETS", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="missing"):
        load()
