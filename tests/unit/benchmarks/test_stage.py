"""The controller that is measured gets the settings that Asterisk got."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from benchmarks.stage import environment_of
from ivrserver.config import (
    AsteriskPlace,
    DialSettings,
    LimitSettings,
    StoreSettings,
    TrunkSettings,
    load,
)


def test_trunks_and_limits_reach_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    update = {
        "trunks": {"people": TrunkSettings(host="127.0.0.1", port=5999)},
        "dial": DialSettings(legs_per_minute=5000),
        "store": StoreSettings(remove_after=30.0),
        "limits": LimitSettings(calls=70, drain_seconds=0.0),
        "asterisks": {
            "one": AsteriskPlace(host="127.0.0.1", port=8088, password=SecretStr("secret")),
        },
    }
    settings = load().model_copy(update=update)
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    again = load()
    assert (again.trunks, again.dial) == (settings.trunks, settings.dial)
    assert (again.store, again.limits) == (settings.store, settings.limits)
    assert again.places == settings.places
