"""The example of several Asterisks is one."""

from __future__ import annotations

import re
from pathlib import Path

from ivrserver.config import load

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "continuing-calls.md"


def test_the_settings_of_several_asterisks_are_taken_as_they_stand(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / "ivrserver.toml"
    file.write_text(text)
    settings = load(file)
    assert {name: ari.host for name, ari in settings.places.items()} == {
        "a": "10.0.0.11",
        "b": "10.0.0.12",
    }
    assert settings.cluster.lease == 5.0
