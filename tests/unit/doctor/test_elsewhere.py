"""What the doctor says on a controller's machine, when Asterisk runs on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import AriSettings, Settings
from ivrserver.doctor import examine
from ivrserver.telephony.asterisk import ports, program


async def test_ports_of_an_asterisk_elsewhere_are_not_looked_for_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find", lambda _settings, _say: None)
    settings = ports.fresh(Settings(data=tmp_path))
    elsewhere = AriSettings(host="asterisk.invalid")
    found = {
        finding.name: finding
        for finding in await examine(settings.model_copy(update={"ari": elsewhere}))
    }
    assert "ports" not in found
    assert "sip.port" not in found
    assert found["http.port"].ok
