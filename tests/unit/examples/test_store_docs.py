"""Every settings file in the page about the store works, and gives a store that can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivrserver.cli.recordings import recordings
from ivrserver.config import load
from ivrserver.recordings import Store
from tests.unit.recordings.places import KEYS

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "keep-recordings.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_each_example_is_a_store(text: str, tmp_path: Path) -> None:
    (tmp_path / "k1").write_text(KEYS["k1"])
    file = tmp_path / "ivrserver.toml"
    data = f'data = "{tmp_path}"\n'
    file.write_text(
        data + text.replace("/etc/ivrserver", f"{tmp_path}").replace("/srv", f"{tmp_path}")
    )
    assert Store(load(file)).shown in {
        f"{tmp_path}/store", f"{tmp_path}/recordings", "s3://our-calls/production"
    }  # fmt: skip


def test_the_commands_of_the_page_exist() -> None:
    used = set(re.findall(r"ivrserver recordings (\w+)", PAGE))
    assert used == set(recordings.commands)
