"""Settings of trunks, phones and TLS: what is accepted, and what is said about the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivrserver.config import Settings, load
from ivrserver.errors import ConfigError
from ivrserver.reference import settings_reference

Given = Callable[[str], Settings]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Load settings from a text."""
    monkeypatch.chdir(tmp_path)

    def given(text: str) -> Settings:
        file = tmp_path / "ivrserver.toml"
        file.write_text(text)
        return load(file)

    return given


def test_trunks_and_phones_have_names(given: Given) -> None:
    settings = given(
        '[trunks.carrier]\nhost = "sip.example.com"\nprefixes = ["+1", "+44"]\n'
        '[phones.front-desk]\npassword = "a;b"\nextension = "204"\n'
    )
    assert settings.trunks["carrier"].prefixes == ("+1", "+44")
    assert settings.phones["front-desk"].extension == "204"
    assert not settings.uses_tls


def test_the_environment_names_trunks_and_phones_too(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "TRUNKS__CARRIER__PASSWORD": "48151623",
        "TRUNKS__CARRIER__PREFIXES": '["+1"]',
        "TRUNKS__OTHER__HOST": "192.0.2.7",
        "TRUNKS__OTHER__TRANSPORT": "tls",
        "TRUNKS__OTHER__SRTP": "true",
        "PHONES__FRONT_DESK__PASSWORD": "1e5",
        "PHONES__FRONT_DESK__EXTENSION": "0204",
    }.items():
        monkeypatch.setenv(f"IVRSERVER_{name}", value)
    settings = given('[trunks.carrier]\nhost = "sip.example.com"\nusername = "0815"\n')
    carrier, other = settings.trunks["carrier"], settings.trunks["other"]
    assert (carrier.host, carrier.username) == ("sip.example.com", "0815")
    assert (carrier.password.get_secret_value(), carrier.prefixes) == ("48151623", ("+1",))
    assert (other.host, other.srtp, other.transport) == ("192.0.2.7", True, "tls")
    phone = settings.phones["front_desk"]
    assert (phone.password.get_secret_value(), phone.extension) == ("1e5", "0204")
    assert settings.uses_tls


TRUNK = '[trunks.carrier]\nhost = "sip.example.com"\n'
PHONE = '[phones.desk]\npassword = "secret"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[trunks.carrier]\n", "trunks.carrier.host: Field required"),
        ('[trunks.Carrier]\nhost = "a.example"\n', "trunks.Carrier: a name is 1 to 32 lower-case"),
        ('[trunks."a]b"]\nhost = "a.example"\n', "a name is 1 to 32 lower-case"),
        ('[trunks.anonymous]\nhost = "a.example"\n', "this name means something else"),
        ('[phones.transport-tls]\npassword = "x"\n', "this name means something else"),
        ('[trunks.carrier]\nhost = "a b"\n', "trunks.carrier.host: not the name or address"),
        ('[trunks.carrier]\nhost = "1.2.3.4;lr"\n', "trunks.carrier.host: not the name or address"),
        ('[trunks.carrier]\nhost = "a.example:5060"\n', "host: not the name or address"),
        (TRUNK + 'accept_from = ["10.0.0.0/33"]\n', "accept_from.0: not an address, a network"),
        (TRUNK + 'prefixes = ["212"]\n', "prefixes.0: a prefix begins with + and the country code"),
        (TRUNK + 'prefixes = ["+1", "+1"]\n', "prefixes: +1 is given more than once"),
        (TRUNK + "srtp = true\n", 'trunks.carrier: srtp needs transport = "tls"'),
        (TRUNK + "registers = true\n", "registers needs username and password"),
        (TRUNK + 'username = "me"\n', "username and password: give both or neither"),
        (TRUNK + 'caller_id = "Sales"\n', "trunks.carrier.caller_id:"),
        (TRUNK + 'username = "a\\nb"\n', "trunks.carrier.username: must be one line"),
        ('[phones.desk]\npassword = "a\\nb"\n', "phones.desk.password: must be one line"),
        ('[phones.desk]\npassword = ""\n', "phones.desk.password: a phone needs a password"),
        (PHONE + 'extension = "2-04"\n', "phones.desk.extension:"),
        (PHONE + "srtp = true\n", "phones.desk.srtp: needs sip.tls_certificate"),
        (
            PHONE + 'extension = "204"\n[phones.lab]\npassword = "x"\nextension = "204"\n',
            "phones.lab.extension: another phone has 204 too",
        ),
        (
            PHONE + '[trunks.desk]\nhost = "sip.example.com"\n',
            "phones.desk: a trunk has this name too",
        ),
        ('[sip]\nbind = "here there"\n', "sip.bind: not the name or address"),
        ('[sip]\ntls_key = "ivrserver.toml"\n', "sip: tls_certificate and tls_key: give both"),
        ('[sip]\ntls_ca = "missing.pem"\n', "missing.pem cannot be read: No such file"),
        ('[dial]\ndeny = ["900"]\n', "dial.deny.0: a prefix begins with +"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_setting(given: Given, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        given(text)
    assert told in str(refusal.value)


def test_all_contradictions_are_told_at_once(given: Given) -> None:
    with pytest.raises(ConfigError) as refusal:
        given(PHONE + 'srtp = true\n[trunks.desk]\nhost = "a.example"\nprefixes = ["+1", "+1"]\n')
    assert len(str(refusal.value).splitlines()) > 3


def test_a_password_in_a_wrong_file_is_not_shown(given: Given) -> None:
    with pytest.raises(ConfigError) as refusal:
        given('[trunks.carrier]\nhost = "a b"\npassword = "hunter2\\n"\n')
    assert "hunter2" not in str(refusal.value)


def test_certificates_are_found_from_the_folder_in_which_we_run(
    given: Given, tmp_path: Path
) -> None:
    (tmp_path / "us.pem").touch()
    settings = given('[sip]\ntls_certificate = "us.pem"\ntls_key = "us.pem"\n')
    assert settings.sip.tls_certificate == tmp_path / "us.pem"
    assert settings.uses_tls


def test_the_reference_shows_sections_that_have_names() -> None:
    page = settings_reference()
    assert "\n## [trunks.NAME]\n" in page
    assert "\n## [phones.NAME]\n" in page
    assert "| `host` | required |" in page
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert all(row.endswith(" |") for row in rows), "one line each"
