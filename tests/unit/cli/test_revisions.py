"""Versions of the account are listed, compared and restored from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run

FLOW = """
numbers:
  - {number: "100", destination: {block: 1}}
blocks:
  - {id: 1, kind: ivr, name: %s, questions: [{id: 1, type: message, name: Hello, prompt: Hi}]}
"""


def test_versions_are_listed_compared_and_restored(run: Run) -> None:
    assert "no revisions" in run("revisions").output
    for name in ("First", "Second"):
        Path("flow.yaml").write_text(FLOW % name)
        run("apply", "flow.yaml")
    newest, first, nothing = run("revisions").output.splitlines()
    assert newest.split()[0] == "2"
    assert newest.endswith("(command line)  changed block 1 (Second)")
    assert "added number 100, block 1 (First)" in first
    assert nothing.split()[0] == "0"
    shown = run("revisions", "show", "1").output
    assert "name: First" in shown
    lines = run("revisions", "diff", "1").output.splitlines()
    assert {"--- revision 1", "+++ revision 2", "-    name: First", "+    name: Second"} <= {*lines}
    assert "-    name: Second" in run("revisions", "diff", "2", "1").output.splitlines()
    assert run("revisions", "diff", "2").output == "they are equal\n"
    assert run("revisions", "restore", "1").output.splitlines() == [
        "changed  block 1 (First)",
        "revision 3",
    ]
    assert run("export").output == shown
    assert "revision 1 again" in run("revisions", "--limit", "1").output
    assert "there is no revision 9" in run("revisions", "show", "9", status=1).output
