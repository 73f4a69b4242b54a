"""Settings of address translation and proxies: what is wrong with them is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import load
from ivrserver.errors import ConfigError

CARRIER = '[trunks.carrier]\nhost = "192.0.2.7"\n'
PROXY = '[network]\nproxy = "10.1.2.9"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[network]\npublic_address = "sip.example.com"\n', "public_address: not the IP address"),
        ('[network]\nlocal_networks = ["10.0.0.0/33"]\n', "local_networks.0: not an address, a"),
        (PROXY + '[phones.desk]\npassword = "x"\n', "network.proxy: phones log in at one Asterisk"),
        (PROXY + CARRIER + 'transport = "tls"\n', "trunks.carrier.transport: the way to"),
        (
            PROXY + CARRIER + 'registers = true\nusername = "u"\npassword = "p"\n',
            "trunks.carrier.registers: behind network.proxy carriers know us by address",
        ),
        ('[ari]\nbind = "here there"\n', "ari.bind"),
        ('[ari]\naccept_from = ["any where"]\n', "ari.accept_from.0: not an address, a network"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_setting(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "ivrserver.toml").write_text(text)
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path / "ivrserver.toml")
    assert told in str(refusal.value)
