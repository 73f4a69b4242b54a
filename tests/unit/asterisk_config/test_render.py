"""The configuration that is written for Asterisk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from ivrserver.config import AriSettings, LimitSettings, Settings, SipSettings
from ivrserver.errors import ConfigError
from ivrserver.programs import Program
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.password import with_password
from ivrserver.telephony.asterisk.program import AsteriskProgram
from ivrserver.telephony.asterisk.render import render, write

NEW = ("res_ari.so", "app_stasis_broadcast.so", "codec_opus_open_source.so")
OLD = ("res_ari.so",)


def asterisk(folder: Path, modules: tuple[str, ...], version: str) -> AsteriskProgram:
    place = folder / "modules"
    place.mkdir(parents=True, exist_ok=True)
    for name in modules:
        (place / name).touch()
    program = Program(argv=("asterisk",), env={}, root=Path("/"), libraries=Path("/usr/lib"))
    return AsteriskProgram(program, version, place, folder / "share")


def rendered(
    folder: Path, settings: Settings, modules: tuple[str, ...] = NEW, version: str = "22.10.1"
) -> dict[str, str]:
    there = asterisk(folder, modules, version)
    return render(settings, Folders.of(folder, there), there)


def settings(**sections: object) -> Settings:
    return Settings(**{"ari": AriSettings(password=SecretStr("secret")), **sections})


def test_every_template_is_filled_in(tmp_path: Path) -> None:
    files = rendered(tmp_path, settings())
    assert {"asterisk.conf", "extensions.conf", "modules.conf", "pjsip.conf"} <= files.keys()
    assert not [name for name, text in files.items() if "{{" in text or ";%" in text]


def test_calls_enter_by_broadcast_where_asterisk_has_it(tmp_path: Path) -> None:
    dialplan = rendered(tmp_path, settings())["extensions.conf"]
    assert dialplan.count("StasisBroadcast(") == 2 * 2, "asked twice, for numbers and for names"
    assert "Stasis(ivr" not in dialplan
    assert "TIMEOUT(absolute)=14400" in dialplan
    assert '$["${STASISSTATUS}"="SUCCESS"]' in dialplan


def test_calls_enter_by_plain_stasis_on_an_older_asterisk(tmp_path: Path) -> None:
    files = rendered(tmp_path, settings(), OLD, "20.6.0")
    assert "Stasis(ivr-main-1)" in files["extensions.conf"]
    assert "StasisBroadcast" not in files["extensions.conf"]
    assert "app_stasis_broadcast" not in files["modules.conf"]


def test_opus_is_offered_only_where_there_is_a_codec(tmp_path: Path) -> None:
    assert "allow = ulaw,alaw,g722,opus\n" in rendered(tmp_path / "a", settings())["pjsip.conf"]
    old = rendered(tmp_path / "b", settings(), OLD, "20.6.0")
    assert "allow = ulaw,alaw,g722\n" in old["pjsip.conf"]


def test_strangers_get_an_endpoint_only_when_guests_are_let_in(tmp_path: Path) -> None:
    assert "[anonymous]" not in rendered(tmp_path, settings())["pjsip.conf"]
    lab = settings(sip=SipSettings(guests=True))
    assert "[anonymous](party)" in rendered(tmp_path, lab)["pjsip.conf"]


def test_an_ipv6_address_gets_brackets_before_a_port(tmp_path: Path) -> None:
    text = rendered(tmp_path, settings(sip=SipSettings(bind="::1", port=5070)))["pjsip.conf"]
    assert text.count("bind = [::1]:5070\n") == 2


@pytest.mark.parametrize(
    ("limits", "last_port", "most"),
    [
        (LimitSettings(calls=100), 17999, 200),
        (LimitSettings(), 17999, 900),
        (LimitSettings(), 16001, 1),
        (LimitSettings(asterisk_calls=5000), 17999, 5000),
    ],
)
def test_asterisk_takes_twice_what_a_controller_does_if_there_are_ports(
    tmp_path: Path, limits: LimitSettings, last_port: int, most: int
) -> None:
    sip = SipSettings(rtp_start=16000, rtp_end=last_port)
    text = rendered(tmp_path, settings(limits=limits, sip=sip))["asterisk.conf"]
    assert f"maxcalls = {most}\n" in text
    assert "maxload" not in text


def test_the_load_that_is_too_much_is_written_if_it_is_set(tmp_path: Path) -> None:
    limits = LimitSettings(asterisk_load=1e-6)
    text = rendered(tmp_path, settings(limits=limits))["asterisk.conf"]
    assert "maxload = 0.000001\n" in text


def test_timers_are_shortened_on_the_loopback_only(tmp_path: Path) -> None:
    assert "timer_t1 = 100" in rendered(tmp_path, settings())["pjsip.conf"]
    outside = settings(sip=SipSettings(bind="0.0.0.0"))
    assert "timer_t1" not in rendered(tmp_path, outside)["pjsip.conf"]


def test_a_semicolon_in_a_password_does_not_begin_a_comment(tmp_path: Path) -> None:
    text = rendered(tmp_path, settings(ari=AriSettings(password=SecretStr("a;b"))))["ari.conf"]
    assert "password = a\\;b\n" in text


@pytest.mark.parametrize("password", ["7\n8", " 77", "77 ", "7\x008"])
def test_a_value_cannot_bring_a_line_of_its_own(tmp_path: Path, password: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        rendered(tmp_path, settings(ari=AriSettings(password=SecretStr(password))))
    assert password not in str(refusal.value)


def test_what_is_written_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "left-over.conf").touch()
    write({"ari.conf": "password = secret\n"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ari.conf"]
    assert stat.S_IMODE((tmp_path / "ari.conf").stat().st_mode) == 0o600


def test_a_password_is_made_once_and_kept(tmp_path: Path) -> None:
    without = Settings(data=tmp_path)
    first = with_password(without).ari.password.get_secret_value()
    assert len(first) >= 32
    assert with_password(without).ari.password.get_secret_value() == first
    kept = tmp_path / "asterisk" / "ari-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_given_password_is_used_and_not_kept(tmp_path: Path) -> None:
    given = settings(data=tmp_path)
    assert with_password(given).ari.password.get_secret_value() == "secret"
    assert list(tmp_path.iterdir()) == []
