"""Trunks and phones in the configuration that is written for Asterisk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ivrserver.config import PhoneSettings, SipSettings, TrunkSettings
from ivrserver.errors import ConfigError
from ivrserver.telephony.asterisk import ports
from tests.unit.asterisk_config.test_render import rendered, settings

Sections = list[tuple[str, dict[str, list[str]]]]


def sections(text: str) -> Sections:
    """The sections of a configuration file, as Asterisk reads it: comments off, ``\\;`` is a ``;``.

    Source: main/config.c of Asterisk.
    """
    found: Sections = []
    for line in text.splitlines():
        kept = re.split(r"(?<!\\);", line, maxsplit=1)[0].replace("\\;", ";").strip()
        if heading := re.match(r"\[([^\]]+)\]", kept):
            found.append((heading[1], {}))
        elif kept and not kept.startswith("#"):
            name, _, value = kept.partition("=")
            found[-1][1].setdefault(name.strip(), []).append(value.strip())
    return found


def trunk(**given: object) -> TrunkSettings:
    return TrunkSettings.model_validate({"host": "sip.example.com"} | given)


def phone(**given: object) -> PhoneSettings:
    return PhoneSettings.model_validate({"password": "secret"} | given)


def pjsip(folder: Path, **more: object) -> Sections:
    return sections(rendered(folder, settings(**more))["pjsip.conf"])


def of(found: Sections, name: str, kind: str = "") -> dict[str, list[str]]:
    """The only section of that name and type; an endpoint's type is in its template."""
    (section,) = [
        values
        for title, values in found
        if title == name and values.get("type", [""]) == [kind]
    ]  # fmt: skip
    return section


def test_a_trunk_is_known_by_its_address(tmp_path: Path) -> None:
    found = pjsip(tmp_path, trunks={"carrier": trunk(host="192.0.2.7", port=5080)})
    assert of(found, "carrier", "aor")["contact"] == ["sip:192.0.2.7:5080"]
    assert of(found, "carrier", "identify")["match"] == ["192.0.2.7"]
    endpoint = of(found, "carrier")
    assert endpoint["identify_by"] == ["ip"], "nobody becomes the carrier by saying its name"
    assert "callerid" not in endpoint, "calls from the carrier keep their own"
    assert not [kind for _, kind in found if kind.get("type") in (["auth"], ["registration"])]


def test_a_trunks_calls_may_come_from_elsewhere(tmp_path: Path) -> None:
    found = pjsip(tmp_path, trunks={"carrier": trunk(accept_from=["192.0.2.0/24", "b.example"])})
    assert of(found, "carrier", "identify")["match"] == ["192.0.2.0/24", "b.example"]
    assert of(found, "carrier", "aor")["contact"] == ["sip:sip.example.com"], "DNS has the port"


def test_a_trunk_registers(tmp_path: Path) -> None:
    account = trunk(username="me;you@home", password="a;b", registers=True, transport="tcp")
    found = pjsip(tmp_path, trunks={"carrier": account})
    registration = of(found, "carrier", "registration")
    assert registration["server_uri"] == ["sip:sip.example.com;transport=tcp"]
    assert registration["client_uri"] == ["sip:me%3Byou%40home@sip.example.com;transport=tcp"]
    assert registration["contact_user"] == ["me%3Byou%40home"]
    assert registration["transport"] == ["transport-tcp"]
    auth = of(found, "carrier", "auth")
    assert (auth["username"], auth["password"]) == (["me;you@home"], ["a;b"])
    assert of(found, "carrier")["outbound_auth"] == ["carrier"]


def test_tls_is_opened_when_something_needs_it(tmp_path: Path) -> None:
    assert "transport-tls" not in [name for name, _ in pjsip(tmp_path / "a")]
    certificate = tmp_path / "us.pem"
    certificate.touch()
    ours = SipSettings(
        tls_port=5065, tls_certificate=certificate, tls_key=certificate, tls_ca=certificate
    )
    transport = of(pjsip(tmp_path / "b", sip=ours), "transport-tls", "transport")
    assert transport["bind"] == ["127.0.0.1:5065"]
    assert transport["cert_file"] == transport["priv_key_file"] == [str(certificate)]
    assert transport["ca_list_file"] == [str(certificate)]


def test_a_tls_trunk_must_prove_who_it_is(tmp_path: Path) -> None:
    found = pjsip(tmp_path, trunks={"carrier": trunk(transport="tls", srtp=True)})
    transport = of(found, "transport-tls", "transport")
    assert transport["verify_server"] == ["yes"]
    assert Path(transport["ca_list_file"][0]).exists()
    assert "cert_file" not in transport
    assert of(found, "carrier", "aor")["contact"] == ["sip:sip.example.com;transport=tls"]
    endpoint = of(found, "carrier")
    assert endpoint["transport"] == ["transport-tls"]
    assert endpoint["media_encryption"] == ["sdes"]
    assert "media_encryption_optimistic" not in endpoint, "without encryption there is no call"


def test_a_phone_logs_in_with_its_name(tmp_path: Path) -> None:
    found = pjsip(tmp_path, phones={"desk": phone(extension="204"), "lab": phone()})
    endpoint = of(found, "desk")
    assert endpoint["auth"] == endpoint["aors"] == ["desk"]
    assert endpoint["identify_by"] == ["username"]
    assert endpoint["callerid"] == ['"desk" <204>']
    assert of(found, "lab")["callerid"] == ['"lab" <lab>']
    assert endpoint["mailboxes"] == ["desk@ivrserver"]
    assert of(found, "desk", "aor")["max_contacts"] == ["1"]
    assert "media_encryption" not in endpoint
    certificate = tmp_path / "us.pem"
    certificate.touch()
    ours = SipSettings(tls_certificate=certificate, tls_key=certificate)
    secure = pjsip(tmp_path, sip=ours, phones={"desk": phone(srtp=True)})
    assert of(secure, "desk")["media_encryption"] == ["sdes"]


def test_a_phone_may_be_tied_to_where_it_is(tmp_path: Path) -> None:
    tied = phone(accept_from=("192.0.2.7/32", "2001:db8::/32"))
    found = pjsip(tmp_path, phones={"desk": tied, "lab": phone()})
    assert of(found, "desk")["deny"] == ["0.0.0.0/0", "::/0"]
    assert of(found, "desk")["permit"] == ["192.0.2.7/32", "2001:db8::/32"]
    assert not {"deny", "permit"} & of(found, "lab").keys()


def test_the_tls_port_is_looked_after_when_it_is_used() -> None:
    plain, tls = settings(), settings(trunks={"carrier": trunk(transport="tls")})
    assert "sip.tls_port" not in [each.name for each in ports.listeners(plain)]
    assert "sip.tls_port" in [each.name for each in ports.listeners(tls)]
    chosen = ports.fresh(tls)
    assert len({chosen.sip.port, chosen.sip.tls_port, chosen.ari.port, chosen.http.port}) == 4
    assert chosen.sip.tls_port != tls.sip.tls_port


signs = st.sampled_from(";\\[]#=<>{}%$\"'- ") | st.characters(categories=["L", "N", "P", "S"])
lines = st.text(signs, min_size=1, max_size=40).map(str.strip).filter(bool)


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(username=lines, password=lines, phone_password=lines)
def test_no_value_brings_anything_but_itself(
    tmp_path: Path, username: str, password: str, phone_password: str
) -> None:
    given_trunk = trunk(username=username, password=password, registers=True)
    given_phone = phone(password=phone_password)
    plain_trunk = trunk(username="u", password="p", registers=True)
    plain = pjsip(tmp_path, trunks={"carrier": plain_trunk}, phones={"desk": phone()})
    found = pjsip(tmp_path, trunks={"carrier": given_trunk}, phones={"desk": given_phone})
    shape = [(name, {key: len(each) for key, each in values.items()}) for name, values in plain]
    assert shape == [
        (name, {key: len(each) for key, each in values.items()}) for name, values in found
    ]
    assert of(found, "carrier", "auth")["username"] == [username]
    assert of(found, "carrier", "auth")["password"] == [password]
    assert of(found, "desk", "auth")["password"] == [phone_password]
    uri = of(found, "carrier", "registration")["client_uri"][0]
    assert re.fullmatch(r"sip:[A-Za-z0-9\-_.!~*'()&=+$,%]+@sip\.example\.com", uri)


def test_what_slips_past_the_settings_is_not_written(tmp_path: Path) -> None:
    long = trunk(username="u", password="p").model_copy(update={"username": "u" * 2000})
    with pytest.raises(ConfigError, match=r"pjsip\.conf"):
        pjsip(tmp_path, trunks={"carrier": long})
    two = trunk().model_copy(update={"host": "a.example\n[evil]"})
    with pytest.raises(ConfigError, match=r"pjsip\.conf"):
        pjsip(tmp_path, trunks={"carrier": two})
