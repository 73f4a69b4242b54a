"""Commands and settings in the pages about running in production are real ones; links lead on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivrserver.config import load
from tests.unit.examples.pages import HOW_TO, ROOT, check_command, examples

NAMES = ("run-in-production", "upgrade")
PAGES = [(HOW_TO / f"{name}.md").read_text(encoding="utf-8") for name in NAMES]
EVERY_PAGE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("text", examples(PAGES, "toml"))
def test_each_settings_file_is_accepted(text: str, tmp_path: Path) -> None:
    file = tmp_path / "ivrserver.toml"
    file.write_text(text)
    load(file)


@pytest.mark.parametrize(
    "line", [line for text in examples(PAGES, "sh") for line in text.splitlines()]
)
def test_each_command_is_one(line: str) -> None:
    if line.startswith("ivrserver "):
        check_command(line)


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        place, _, heading = target.partition("#")
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{page.name}: {target}"
        assert not heading or heading in anchors(there), f"{page.name}: {target}"
