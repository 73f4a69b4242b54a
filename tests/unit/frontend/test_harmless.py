"""No script of ours makes elements or code of text: what people have written stays text."""

from __future__ import annotations

import re

from tests.unit.frontend.test_packages import FRONTEND

_MAKES_MARKUP = re.compile(
    r"\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|createContextualFragment"
    r"|DOMParser|\beval\(|new Function|setTimeout\(\s*[\"'`]|srcdoc|javascript:"
)


def test_no_script_makes_elements_or_code_of_text() -> None:
    sources = sorted((FRONTEND / "src").rglob("*.ts"))
    assert len(sources) > 20
    found = [
        f"{source.relative_to(FRONTEND)}: {line.strip()}"
        for source in sources
        for line in source.read_text().splitlines()
        if _MAKES_MARKUP.search(line)
    ]
    assert not found, found
