"""Ports in the page about production are those of the settings; the firewall's rules are good."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ivrserver.config import Settings
from ivrserver.telephony.asterisk import ports
from tests.tools import run, tool
from tests.unit.examples.pages import HOW_TO, examples

PAGE = (HOW_TO / "run-in-production.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z_.]+)` \| (\d*) *\| ([A-Z, ]+) \|", PAGE, re.MULTILINE)
TABLE = {setting: (port, kinds) for setting, port, kinds in ROWS}
(RULES,) = examples([PAGE], "nft")
PROTOCOLS = {"SOCK_DGRAM": "UDP", "SOCK_STREAM": "TCP"}


def default(setting: str) -> Any:
    """The default of a setting of a section."""
    section, _, field = setting.partition(".")
    return getattr(getattr(Settings(), section), field)


def everything() -> Settings:
    """Settings with which everything listens that can."""
    encrypted = {"host": "sip.example.com", "transport": "tls"}
    metrics = {"enabled": True, "port": 9100}
    return Settings.model_validate({"trunks": {"carrier": encrypted}, "metrics": metrics})


def test_the_table_has_every_port_that_is_listened_on_and_how() -> None:
    listening = {
        listener.name: ", ".join(sorted(PROTOCOLS[kind.name] for kind in listener.kinds))
        for listener in ports.listeners(everything())
    }
    told = {name: ", ".join(sorted(kinds.split(", "))) for name, (_, kinds) in TABLE.items()}
    audio = {"sip.rtp_start": "UDP", "sip.rtp_end": "UDP"}
    assert told == listening | audio


@pytest.mark.parametrize("setting", TABLE)
def test_each_port_of_the_table_is_the_settings_default(setting: str) -> None:
    assert TABLE[setting][0] == str(default(setting) or "")


def test_the_firewall_lets_in_sip_and_audio_and_neither_ari_nor_our_http() -> None:
    opened = set(re.findall(r"dport ([\d-]+)", RULES))
    audio = f"{default('sip.rtp_start')}-{default('sip.rtp_end')}"
    ours = {str(default("sip.port")), str(default("sip.tls_port")), audio}
    assert opened == ours | {"22", "443"}
    assert "policy drop" in RULES


def test_nft_takes_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "nftables.conf"
    file.write_text(RULES)
    # In a network of its own, where it may ask the kernel whoever runs it.
    apart = ("unshare", "--user", "--map-root-user", "--net")
    run(tool("nft"), "-c", "-f", file, before=apart)
    file.write_text(RULES.replace("policy drop", "policy dorp"))
    assert "syntax error" in run(tool("nft"), "-c", "-f", file, before=apart, ok=False)


@pytest.mark.parametrize("copied", re.findall(r"^cp (deploy/\S+)", PAGE, re.MULTILINE))
def test_each_file_that_is_copied_is_there(copied: str) -> None:
    assert list(HOW_TO.parents[1].glob(copied)) != []
