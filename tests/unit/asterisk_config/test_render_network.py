"""What is written for Asterisk when something stands between it and its peers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import AriSettings, NetworkSettings, SipSettings
from ivrserver.telephony.asterisk import nat
from tests.unit.asterisk_config.test_render import rendered, settings
from tests.unit.asterisk_config.test_render_peers import of, pjsip, sections, trunk

OUTSIDE = SipSettings(bind="10.1.2.3")
HOME = NetworkSettings(public_address="192.0.2.10", local_networks=("10.1.2.0/24",))
BEHIND = NetworkSettings(proxy="10.1.2.9", public_address="192.0.2.10")
ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t01001EAC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t00001EAC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t003CA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0000000A\t013CA8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
"""


def test_nobody_is_told_of_a_public_address_that_there_is_not(tmp_path: Path) -> None:
    files = rendered(tmp_path, settings(sip=OUTSIDE))
    assert "external_" not in files["pjsip.conf"]
    assert "local_net" not in files["pjsip.conf"]
    assert "ice_host_candidates" not in files["rtp.conf"]


def test_peers_outside_are_told_the_public_address(tmp_path: Path) -> None:
    found = pjsip(tmp_path, sip=OUTSIDE, network=HOME)
    template = dict(found)["outside"]
    assert template["external_signaling_address"] == ["192.0.2.10"]
    assert template["external_media_address"] == ["192.0.2.10"]
    assert template["local_net"] == ["10.1.2.0/24"]
    text = rendered(tmp_path, settings(sip=OUTSIDE, network=HOME))["pjsip.conf"]
    assert "[transport-udp](outside)" in text
    assert "[transport-tcp](connected)" in text
    assert "external_signaling_port" not in text


def test_browsers_are_told_the_public_address_in_place_of_our_own(tmp_path: Path) -> None:
    rtp = sections(rendered(tmp_path, settings(sip=OUTSIDE, network=HOME))["rtp.conf"])
    assert dict(rtp)["ice_host_candidates"] == {"10.1.2.3": ["192.0.2.10,include_local_address"]}


def test_another_port_outside_is_told_too(tmp_path: Path) -> None:
    moved = HOME.model_copy(update={"public_sip_port": 5070})
    text = rendered(tmp_path, settings(sip=OUTSIDE, network=moved))["pjsip.conf"]
    assert text.count("external_signaling_port = 5070\n") == 2


def test_the_networks_that_we_are_attached_to_are_local(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(ROUTES)
    alone = settings(sip=OUTSIDE, network=NetworkSettings(public_address="192.0.2.10"))
    found = nat.translation(alone, table)
    assert found is not None
    assert found.local == ("172.30.0.0/16", "192.168.60.0/24")


def test_a_machine_without_that_table_has_no_local_networks(tmp_path: Path) -> None:
    alone = settings(sip=OUTSIDE, network=NetworkSettings(public_address="192.0.2.10"))
    found = nat.translation(alone, tmp_path / "missing")
    assert found is not None
    assert found.local == ()


def test_of_several_addresses_of_our_own_the_one_on_the_way_out_counts() -> None:
    everywhere = settings(
        sip=SipSettings(bind="0.0.0.0"), network=NetworkSettings(public_address="127.0.0.9")
    )
    found = nat.translation(everywhere)
    assert found is not None
    assert found.own == "127.0.0.1"


def test_behind_a_proxy_everything_goes_through_it(tmp_path: Path) -> None:
    found = pjsip(tmp_path, sip=OUTSIDE, network=BEHIND, trunks={"carrier": trunk()})
    through = ["sip:10.1.2.9:5060;lr"]
    assert of(found, "party", "endpoint")["outbound_proxy"] == through
    assert of(found, "carrier", "aor")["outbound_proxy"] == through
    assert of(found, "party", "endpoint")["media_address"] == ["192.0.2.10"]
    assert "external_signaling_address" not in dict(found)["outside"]


def test_behind_a_proxy_trunks_are_told_apart_by_its_header_and_it_alone_may_send_it(
    tmp_path: Path,
) -> None:
    found = pjsip(tmp_path, sip=OUTSIDE, network=BEHIND, trunks={"carrier": trunk()})
    identify = of(found, "carrier", "identify")
    assert identify["match_header"] == ["X-Trunk: carrier"]
    assert "match" not in identify
    order = of(found, "global", "global")["endpoint_identifier_order"][0].split(",")
    assert order.index("header") < order.index("ip"), "all calls come from the proxy's address"
    (itself,) = [each for title, each in found if title == "proxy" and "context" in each]
    assert itself["context"] == ["nowhere"], "calls without the header lead nowhere"
    assert of(found, "proxy", "identify")["match"] == ["10.1.2.9"]
    everybody = of(found, "party", "endpoint")
    assert (everybody["deny"], everybody["permit"]) == (["0.0.0.0/0", "::/0"], ["10.1.2.9"])
    assert not [values for _, values in found if values.get("type") == ["acl"]], (
        "it would keep softphones out, which come by the controllers"
    )


def test_without_a_proxy_no_header_identifies_anybody(tmp_path: Path) -> None:
    found = pjsip(tmp_path, trunks={"carrier": trunk()})
    assert "match_header" not in of(found, "carrier", "identify")
    assert "header" not in of(found, "global", "global")["endpoint_identifier_order"][0]
    assert "deny" not in of(found, "party", "endpoint")


def test_ari_listens_where_it_is_told_and_is_reached_elsewhere(tmp_path: Path) -> None:
    ari = AriSettings(host="asterisk", bind="10.9.8.7", accept_from=("10.9.8.0/24", "10.1.1.1"))
    http = dict(sections(rendered(tmp_path, settings(ari=ari))["http.conf"]))
    assert http["general"]["bindaddr"] == ["10.9.8.7"]
    assert http["/"]["deny"] == ["0.0.0.0/0", "::/0"]
    assert http["/"]["permit"] == ["10.9.8.0/24", "10.1.1.1"]


@pytest.mark.parametrize(
    ("bind", "host"), [("", "asterisk"), ("10.9.8.7", "10.9.8.7"), ("0.0.0.0", "127.0.0.1")]
)
def test_asterisks_own_machine_reaches_ari_where_it_listens(bind: str, host: str) -> None:
    assert AriSettings(host="asterisk", bind=bind).nearby.host == host


def test_browsers_are_told_the_public_address_beside_a_proxy_too(tmp_path: Path) -> None:
    rtp = sections(rendered(tmp_path, settings(sip=OUTSIDE, network=BEHIND))["rtp.conf"])
    assert dict(rtp)["ice_host_candidates"] == {"10.1.2.3": ["192.0.2.10,include_local_address"]}


def test_trunks_and_phones_have_no_ice(tmp_path: Path) -> None:
    found = pjsip(tmp_path, sip=OUTSIDE, trunks={"carrier": trunk()})
    assert not [values for _, values in found if {"ice_support", "webrtc"} & values.keys()]
