"""The examples of several controllers and Asterisks are some."""

from __future__ import annotations

import re
from pathlib import Path

from ivrserver.config import Settings, load
from ivrserver.config.cluster import ClusterSettings

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "continuing-calls.md"


def example(number: int, folder: Path) -> Settings:
    """The settings of one of the page's examples."""
    texts = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(texts) == 2
    file = folder / "ivrserver.toml"
    file.write_text(texts[number])
    return load(file)


def test_a_shorter_lease_is_taken_as_it_stands(tmp_path: Path) -> None:
    cluster = example(0, tmp_path).cluster
    assert (cluster.beat, cluster.lease) == (0.5, 2.5)


def test_the_settings_of_several_asterisks_are_taken_as_they_stand(tmp_path: Path) -> None:
    settings = example(1, tmp_path)
    assert {name: ari.host for name, ari in settings.places.items()} == {
        "a": "10.0.0.11",
        "b": "10.0.0.12",
    }
    assert settings.cluster.lease == 5.0


def test_the_wait_that_the_page_tells_follows_from_the_defaults() -> None:
    cluster = ClusterSettings()
    shortest, longest = cluster.lease - cluster.beat, cluster.lease + cluster.beat
    assert f"after {shortest:g} to {longest:g} s: `cluster.lease`" in PAGE.read_text()
